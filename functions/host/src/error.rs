//! Why an application can't run, in sentences for the person who deploys it.

use crate::Digest;
use std::path::PathBuf;

/// Why [`crate::Host::load`] refused.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{path} can't be read")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} is not a manifest that this host understands: {why}")]
    Manifest { path: PathBuf, why: String },
    #[error("variable {name} has no value: set {environment}")]
    Variable { name: String, environment: String },
    #[error("component {component}: {why}")]
    Component { component: String, why: String },
    #[error("policy {interface}: {why}")]
    Policy {
        interface: String,
        #[source]
        why: SwapError,
    },
    #[error("the WebAssembly engine can't start: {0}")]
    Engine(String),
}

/// Why a policy may not stand in a slot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SwapError {
    #[error("the application has no slot {0}")]
    NoSlot(String),
    #[error("it is not a WebAssembly component: {0}")]
    NotAComponent(String),
    #[error("it asks for {0}, and a policy is pure: no clock, no randomness, no network, no files")]
    Impure(String),
    #[error("it does not export {0}")]
    NoExport(String),
    #[error("its function {0} has other parameters or another result than the interface")]
    OtherType(String),
    #[error("it can't be instantiated: {0}")]
    Instantiate(String),
    #[error("it is {found} bytes long, and a policy may be at most {limit} bytes")]
    TooLarge { found: usize, limit: usize },
    /// What [`crate::check`] says.
    #[error("{0}")]
    Misfit(String),
    #[error("the application has no component {0}")]
    NoComponent(String),
    #[error("no policy {0} was prepared")]
    NotPrepared(Digest),
}
