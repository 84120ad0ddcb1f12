//! What the host is started with.

use crate::Witness;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

/// What [`crate::Host::load`] needs. [`Settings::new`] fills in the defaults:
///
/// * no variables besides the defaults of the manifest,
/// * nothing answered inside the process,
/// * no cache of compiled components,
/// * nobody who is told of calls of policies,
/// * [`Limits::default`].
pub struct Settings {
    /// The `spin.toml`. Relative paths in it are relative to its folder.
    pub manifest: PathBuf,
    /// Values for the application's variables by lower-case name, above the manifest's defaults. The binary takes them
    /// from `SPIN_VARIABLE_…`, as Spin does.
    pub variables: BTreeMap<String, String>,
    /// Authorities that are answered in this process without a socket: `ledger.konf.internal`, `127.0.0.1:7071`.
    /// A component must still be allowed to call them (`allowed_outbound_hosts`).
    pub internal: Vec<(String, Arc<dyn Internal>)>,
    /// Where compiled components are kept between starts. The folder is made with mode 0700 and is not used when
    /// another user may write to it.
    pub cache_dir: Option<PathBuf>,
    pub limits: Limits,
    /// Who is told of each call of a policy.
    pub witness: Option<Arc<dyn Witness>>,
}

impl Settings {
    pub fn new(manifest: impl Into<PathBuf>) -> Settings {
        Settings {
            manifest: manifest.into(),
            variables: BTreeMap::new(),
            internal: Vec::new(),
            cache_dir: None,
            limits: Limits::default(),
            witness: None,
        }
    }
}

/// Not the variables' values: some are secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let internal: Vec<_> = self.internal.iter().map(|(authority, _)| authority).collect();
        f.debug_struct("Settings")
            .field("manifest", &self.manifest)
            .field("variables", &self.variables.keys())
            .field("internal", &internal)
            .field("cache_dir", &self.cache_dir)
            .field("limits", &self.limits)
            .finish()
    }
}

/// An HTTP service inside this process that components may call, such as the ledger.
pub trait Internal: Send + Sync {
    /// Answers a request. Its URI is absolute; its body is at most [`Limits::response_bytes`] long.
    fn call(
        &self,
        request: http::Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = http::Response<Bytes>> + Send + '_>>;
}

/// Bounds of every call. A component narrows its own in `[component.NAME.tool.konf]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the arrival of a request to its answer, chained calls included. Milliseconds.
    pub deadline_ms: u64,
    /// One call of a policy. It is cut when so long has passed and it has itself been at work for a tenth of it,
    /// or when four times as long has passed. Milliseconds.
    pub policy_deadline_ms: u64,
    /// Requests that one instance of a function may answer, one after the other; with 1 each has a fresh one.
    pub requests_per_instance: u32,
    /// Linear memory of a function.
    pub memory_bytes: usize,
    /// Linear memory of a policy.
    pub policy_memory_bytes: usize,
    /// Requests from outside that run at the same time; more wait for [`Limits::queue_ms`].
    pub concurrency: usize,
    /// How long a request waits for its turn before it is answered 503. Milliseconds.
    pub queue_ms: u64,
    /// Body of a request from outside.
    pub request_bytes: usize,
    /// Body of an answer, and of requests between components.
    pub response_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            deadline_ms: 10_000,
            // A policy takes 30 microseconds; 50 ms keeps a busy machine of two cores from cutting an honest one.
            policy_deadline_ms: 50,
            // What making an instance costs is then below a hundredth of what a request costs, and whatever an instance may
            // lose or gather does not last long.
            requests_per_instance: 128,
            memory_bytes: 64 << 20,
            policy_memory_bytes: 16 << 20,
            concurrency: 128,
            // Longer than any order takes, shorter than a gateway's patience.
            queue_ms: 1_000,
            request_bytes: 1 << 20,
            response_bytes: 8 << 20,
        }
    }
}
