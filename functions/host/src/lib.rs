//! Runs the components of a spin.toml in this process.
