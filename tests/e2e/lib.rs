//! End-to-end tests on real parts: `cargo xtask test` builds what they run and installs the phones.
