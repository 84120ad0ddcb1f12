//! The host itself: what is loaded, and the two ways in.

use crate::{LoadError, Settings, SwapError};
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// SHA-256 of a component's bytes. Shown as `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A loaded component, for logs and `konf doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentInfo {
    pub name: String,
    pub digest: Digest,
    /// Public routes as written in the manifest; empty for a private component.
    pub routes: Vec<String>,
    /// The slots that it calls, such as `konf:policy/tariff@1.0.0`.
    pub policies: Vec<String>,
}

/// A slot and the policy that stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotInfo {
    /// The interface: `konf:policy/tariff@1.0.0`.
    pub interface: String,
    pub digest: Digest,
}

/// An application that runs.
pub struct Host {}

impl Host {
    /// Reads the manifest, compiles its components and checks everything that can be checked before the first request.
    /// Blocks for as long as compiling takes (about half a second for each component that is not in the cache).
    pub fn load(settings: Settings) -> Result<Arc<Host>, LoadError> {
        drop(settings);
        Err(LoadError::Engine("not built yet".into()))
    }

    /// Answers a request from outside by the manifest's public routes. Never fails: 404 without a route, 413 for too
    /// long a body, 500 when the component traps, 503 when too much is running, 504 at the deadline; each with a plain
    /// sentence as its body. The scheme is http unless the URI is absolute; the authority comes from the URI or `Host`.
    pub async fn handle(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        self.call("", request).await
    }

    /// Calls a component, private or public, as through `http://NAME.spin.internal`. 404 when there is none.
    pub async fn call(
        &self,
        component: &str,
        request: http::Request<Bytes>,
    ) -> http::Response<Bytes> {
        let _ = (component, request);
        std::future::ready(http::Response::new(Bytes::new())).await
    }

    /// What is loaded, by name.
    pub fn components(&self) -> Vec<ComponentInfo> {
        Vec::new()
    }

    /// The slots and the policies in them, by interface.
    pub fn slots(&self) -> Vec<SlotInfo> {
        Vec::new()
    }

    /// Puts another policy into a slot. Calls in flight end on the old one. Blocks while the component compiles.
    pub fn swap(&self, interface: &str, component: &[u8]) -> Result<Digest, SwapError> {
        let _ = component;
        Err(SwapError::NoSlot(interface.to_owned()))
    }
}
