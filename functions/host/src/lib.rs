//! Runs the components of a `spin.toml` in this process, as `spin up` would, and lets their policies be swapped.
//!
//! The law of use: [`Host::load`] once, before any socket opens (it blocks while components compile); then
//! [`Host::handle`] for each request from outside and [`Host::call`] for requests that this process makes itself, from
//! any task of a tokio runtime. Functions keep nothing between requests: an instance may answer several, one after the
//! other, so what a function leaves in its memory may be there the next time, and may not.
//!
//! What a component may do is what Spin would let it do, or less: HTTP to what `allowed_outbound_hosts` names, its own
//! variables, clocks and randomness. No files, no environment, no sockets. A field of the manifest that this host does
//! not honour is an error.

mod app;
mod breaker;
mod check;
mod counts;
mod digest;
mod engine;
mod error;
mod guest;
mod host;
mod imports;
mod lane;
mod load;
mod logs;
mod manifest;
mod network;
mod outbound;
mod place;
mod policy;
mod routes;
mod send;
mod settings;
mod shelf;
mod slot;
mod template;
mod trial;
mod value;
mod witness;
mod world;

pub use breaker::FAILURES_IN_A_ROW_MAX;
pub use check::{Report, check};
pub use counts::Counted;
pub use digest::Digest;
pub use error::{LoadError, SwapError};
pub use host::{ComponentInfo, Host, PolicyInfo, SlotInfo};
pub use policy::POLICY_BYTES_MAX;
pub use settings::{Internal, Limits, Settings};
pub use slot::Standing;
pub use trial::{Answer, Bench, Trial};
pub use witness::{Called, Part, Witness};
pub use world::{Shape, World, world_of, worlds};
