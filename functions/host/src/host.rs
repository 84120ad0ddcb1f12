//! The two ways in, and what is loaded.

use crate::app::{App, Call, addressed, plain};
use crate::place::Place;
use crate::routes::Matched;
use crate::send::{POLICY_HEADER, take_about};
use crate::slot::Slot;
use crate::{Counted, Digest, LoadError, Settings, Standing, SwapError, Trial, load};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use konf_api::policy::About;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// As in Spin.
const HEALTH: &str = "/.well-known/spin/health";

/// A loaded component, for logs and `konf doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentInfo {
    pub name: String,
    pub digest: Digest,
    /// Of the component that the application was installed with.
    pub default: Digest,
    /// Public routes as written in the manifest; empty for a private component.
    pub routes: Vec<String>,
    /// The slots that it calls, such as `konf:policy/tariff@1.0.0`.
    pub policies: Vec<String>,
    /// Requests that it works on.
    pub in_flight: usize,
    /// Instances that wait for its next requests.
    pub waiting: usize,
    /// Components that it took the place of and that still work on requests, with how many.
    pub leaving: Vec<(Digest, usize)>,
}

/// A slot and the policy that stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotInfo {
    /// The interface: `konf:policy/tariff@1.0.0`.
    pub interface: String,
    /// Of the active policy.
    pub digest: Digest,
    /// Of the policy that the application was installed with.
    pub default: Digest,
    /// All that are loaded.
    pub policies: Vec<PolicyInfo>,
}

/// A loaded policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyInfo {
    pub digest: Digest,
    /// Since it was loaded.
    pub counted: Counted,
    /// It kept failing: where another one can be asked, that one is, for some seconds.
    pub rests: bool,
}

/// An application that runs.
pub struct Host {
    app: Arc<App>,
}

impl Host {
    /// Reads the manifest, compiles its components and checks everything that can be checked before the first request.
    /// Blocks for as long as compiling takes (about half a second for each component that is not in the cache), so a
    /// task calls it through `spawn_blocking`.
    pub fn load(settings: Settings) -> Result<Arc<Host>, LoadError> {
        Ok(Arc::new(Host { app: Arc::new(load::load(settings)?) }))
    }

    /// Answers a request from outside by the manifest's public routes. Never fails: 404 without a route, 413 for too
    /// long a body, 500 when the component traps, 503 when too much is running, 504 at the deadline; each with a plain
    /// sentence as its body. The scheme is http unless the URI is absolute; the authority comes from the URI or `Host`.
    /// The client's address is the request's extension of type [`SocketAddr`], if it has one.
    pub async fn handle(&self, mut request: Request<Bytes>) -> Response<Bytes> {
        if request.uri().path() == HEALTH {
            return plain(StatusCode::OK, "OK");
        }
        let Some(matched) = self.app.routes.find(request.uri().path()) else {
            return plain(StatusCode::NOT_FOUND, "There is nothing here.");
        };
        if !complete_uri(&mut request) {
            return plain(StatusCode::BAD_REQUEST, "The request names no host.");
        }
        let client = request.extensions().get::<SocketAddr>().copied();
        let full_url = request.uri().to_string();
        matched.tell(request.headers_mut(), &full_url, client);
        request.headers_mut().remove(POLICY_HEADER);
        // A stranger says nothing of conferences.
        take_about(request.headers_mut());
        self.run(&matched, request, About::default()).await
    }

    /// Calls a component, private or public, as through `http://NAME.spin.internal`. 404 when there is none; otherwise
    /// as [`Host::handle`]. The request may say which conference it is about ([`konf_api::policy::ABOUT_HEADER`]).
    pub async fn call(&self, component: &str, request: Request<Bytes>) -> Response<Bytes> {
        let mut request = addressed(component, request);
        let about = take_about(request.headers_mut()).unwrap_or_default();
        self.run(&Matched::chained(component, request.uri().path()), request, about).await
    }

    async fn run(
        &self,
        matched: &Matched,
        request: Request<Bytes>,
        about: About,
    ) -> Response<Bytes> {
        let app = &self.app;
        let Some(place) = app.functions.get(&matched.component) else {
            return plain(StatusCode::NOT_FOUND, "There is no such component.");
        };
        if request.body().len() > app.limits.request_bytes {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "The request is too long.");
        }
        let call = Call::within(app.limits.deadline_ms);
        let patience = Duration::from_millis(app.limits.queue_ms);
        match tokio::time::timeout(patience, app.turns.acquire()).await {
            Ok(Ok(_turn)) => app.run(&place.current(), request, call, about).await,
            _ => plain(StatusCode::SERVICE_UNAVAILABLE, "Too much is running."),
        }
    }

    /// The application's name.
    pub fn name(&self) -> &str {
        &self.app.name
    }

    /// What is loaded, by name.
    pub fn components(&self) -> Vec<ComponentInfo> {
        let info = |(name, place): (&String, &Place)| {
            let function = place.current();
            ComponentInfo {
                name: name.clone(),
                digest: function.digest,
                default: place.default().digest,
                routes: self.app.routes.of(name),
                policies: function.policies.clone(),
                in_flight: function.in_flight.now(),
                waiting: function.shelf.len(),
                leaving: place.leaving(),
            }
        };
        self.app.functions.iter().map(info).collect()
    }

    /// The slots and the policies in them, by interface.
    pub fn slots(&self) -> Vec<SlotInfo> {
        let slots = self.app.slots.values();
        let info = |slot: &Arc<Slot>| SlotInfo {
            interface: slot.interface().to_owned(),
            digest: slot.digest(),
            default: slot.default_component().0,
            policies: slot.loaded(),
        };
        slots.map(info).collect()
    }

    /// Puts another policy into a slot. Calls in flight end on the old one. Blocks while the component compiles.
    pub fn swap(&self, interface: &str, component: &[u8]) -> Result<Digest, SwapError> {
        self.slot(interface)?.swap(&self.app.compiler, component)
    }

    /// Compiles a policy for a slot, so that [`Host::stand`] can name it. Nothing is asked of it yet. Blocks while the
    /// component compiles.
    pub fn prepare(&self, interface: &str, component: &[u8]) -> Result<Digest, SwapError> {
        self.slot(interface)?.prepare(&self.app.compiler, component)
    }

    /// Says which policies of a slot are of use from now on. Those that are not loaded must have been prepared since the
    /// last time. Takes microseconds.
    pub fn stand(&self, interface: &str, standing: &Standing) -> Result<(), SwapError> {
        self.slot(interface)?.stand(standing)
    }

    /// The policy that a slot was installed with.
    pub fn default_policy(&self, interface: &str) -> Result<(Digest, Arc<[u8]>), SwapError> {
        Ok(self.slot(interface)?.default_component())
    }

    /// A policy to be tried outside its slot. Blocks while the component compiles.
    pub fn trial(&self, component: &[u8]) -> Result<Trial, SwapError> {
        Trial::new(&self.app.compiler, &self.app.limits, component)
    }

    /// Whether a component can take the place of another: it compiles, asks for nothing that the manifest does not give
    /// that one, and fits the slots. Blocks while it compiles.
    pub fn check_function(&self, name: &str, component: &[u8]) -> Result<Digest, SwapError> {
        load::replacement(&self.app, self.place(name)?, component).map(|function| function.digest)
    }

    /// Puts a component in the place of another. Requests in flight end on the old one, which is told as
    /// [`ComponentInfo::leaving`] until then. Blocks while the component compiles.
    pub fn swap_function(&self, name: &str, component: &[u8]) -> Result<Digest, SwapError> {
        let place = self.place(name)?;
        let next = load::replacement(&self.app, place, component)?;
        let digest = next.digest;
        place.swap(Arc::new(next));
        Ok(digest)
    }

    /// Puts the component that the application was installed with back in its place.
    pub fn restore_function(&self, name: &str) -> Result<Digest, SwapError> {
        let place = self.place(name)?;
        place.swap(place.default().clone());
        Ok(place.default().digest)
    }

    fn place(&self, name: &str) -> Result<&Place, SwapError> {
        let no_component = || SwapError::NoComponent(name.to_owned());
        self.app.functions.get(name).ok_or_else(no_component)
    }

    fn slot(&self, interface: &str) -> Result<&Arc<Slot>, SwapError> {
        let no_slot = || SwapError::NoSlot(interface.to_owned());
        self.app.slots.get(interface).ok_or_else(no_slot)
    }
}

/// Makes the URI absolute by the `Host` header. False when that is not possible.
fn complete_uri(request: &mut Request<Bytes>) -> bool {
    if request.uri().authority().is_some() && request.uri().scheme().is_some() {
        return true;
    }
    let authority = match request.uri().authority() {
        Some(authority) => authority.as_str(),
        None => match request.headers().get(header::HOST).and_then(|host| host.to_str().ok()) {
            Some(host) => host,
            None => return false,
        },
    };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    match format!("http://{authority}{path}").parse() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return false,
    }
    true
}
