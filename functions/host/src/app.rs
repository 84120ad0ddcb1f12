//! An application at work: its functions, and how one request runs in an instance.

use crate::engine::Compiler;
use crate::guest::Guest;
use crate::outbound::Pattern;
use crate::place::{InFlight, Place};
use crate::routes::{Matched, Routes};
use crate::send::{Outgoing, take_about};
use crate::shelf::{Instance, Shelf};
use crate::slot::Slot;
use crate::template::Values;
use crate::{Digest, Internal, Limits};
use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use konf_api::policy::About;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::Instant;
use wasmtime::PoolConcurrencyLimitError;
use wasmtime::component::Linker;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::{Error, WasiHttpView};

/// Konf's longest honest chain is two (order calls schedule, schedule calls credentials); a longer one is a loop.
const CHAIN_DEPTH_MAX: u8 = 8;

pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) limits: Limits,
    pub(crate) routes: Routes,
    pub(crate) functions: BTreeMap<String, Place>,
    /// All that a function may be lent.
    pub(crate) lent: Linker<Guest>,
    pub(crate) slots: BTreeMap<String, Arc<Slot>>,
    /// By `host:port`.
    pub(crate) internal: BTreeMap<String, Arc<dyn Internal>>,
    pub(crate) compiler: Compiler,
    /// Of requests from outside.
    pub(crate) turns: Semaphore,
    /// Of chained calls, which must not wait behind those that wait for them.
    pub(crate) chained_turns: Semaphore,
    /// For instances between two requests.
    pub(crate) room: Arc<Semaphore>,
}

/// A component that answers requests.
pub(crate) struct Function {
    pub(crate) name: Arc<str>,
    pub(crate) digest: Digest,
    pub(crate) ready: ProxyPre<Guest>,
    pub(crate) variables: Values,
    pub(crate) outbound: Vec<Pattern>,
    pub(crate) policies: Vec<String>,
    pub(crate) limits: Limits,
    pub(crate) in_flight: InFlight,
    pub(crate) shelf: Arc<Shelf>,
}

/// What a request shares with the calls that it causes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    deadline: Instant,
    depth: u8,
}

impl Call {
    pub(crate) fn within(milliseconds: u64) -> Call {
        Call { deadline: Instant::now() + Duration::from_millis(milliseconds), depth: 0 }
    }

    /// None when the chain is too long to be honest.
    pub(crate) fn deeper(self) -> Option<Call> {
        (self.depth < CHAIN_DEPTH_MAX).then_some(Call { depth: self.depth + 1, ..self })
    }
}

impl App {
    /// What is asked about a conference stays on the policies of this moment, whatever is swapped before the answer.
    pub(crate) fn stay(&self, mut about: About) -> About {
        if about.booking.is_some() {
            for (interface, slot) in &self.slots {
                let choice = slot.choice(&about).to_string();
                about.pins.insert(interface.clone(), choice);
            }
        }
        about
    }

    /// A request from one component to another.
    pub(crate) async fn chain(
        self: &Arc<App>,
        name: &str,
        request: http::Request<Bytes>,
        call: Call,
    ) -> Result<Response<Bytes>, Error> {
        let Some(function) = self.functions.get(name).map(Place::current) else {
            tracing::warn!(component = name, "a component was called that does not exist");
            return Err(Error::DestinationNotFound);
        };
        let Ok(_turn) = self.chained_turns.try_acquire() else {
            return Ok(plain(StatusCode::SERVICE_UNAVAILABLE, "Too much is running."));
        };
        let mut request = addressed(name, request);
        // Only who gives facts or work says what they are about, and a component does neither.
        take_about(request.headers_mut());
        Ok(self.run(&function, request, call, About::default()).await)
    }

    /// Runs a request in an instance, whatever becomes of it.
    pub(crate) async fn run(
        self: &Arc<App>,
        function: &Arc<Function>,
        request: http::Request<Bytes>,
        call: Call,
        about: About,
    ) -> Response<Bytes> {
        let own = Call::within(function.limits.deadline_ms).deadline;
        let call = Call { deadline: call.deadline.min(own), ..call };
        let component = &function.name;
        let _running = function.in_flight.enter();
        let running = self.instance(function, request, call, about);
        match tokio::time::timeout_at(call.deadline, running).await {
            Ok(Ok(response)) => response,
            Ok(Err(Failure::NoRoom)) => {
                tracing::warn!(%component, "no room for another instance");
                plain(StatusCode::SERVICE_UNAVAILABLE, "Too much is running.")
            }
            Ok(Err(failure)) => {
                tracing::error!(%component, digest = %function.digest, %failure, "a component failed");
                plain(StatusCode::INTERNAL_SERVER_ERROR, "The service failed on this request.")
            }
            Err(_) => {
                tracing::error!(%component, digest = %function.digest, "a component was cut at its deadline");
                plain(StatusCode::GATEWAY_TIMEOUT, "The service took too long.")
            }
        }
    }

    async fn instance(
        self: &Arc<App>,
        function: &Arc<Function>,
        request: http::Request<Bytes>,
        call: Call,
        about: About,
    ) -> Result<Response<Bytes>, Failure> {
        let mut instance = match function.shelf.take() {
            Some(kept) => kept,
            None => Instance::new(self.compiler.engine(), function),
        };
        let guest = instance.store.data_mut();
        guest.begin_request(Outgoing::new(self.clone(), function.clone(), call, about));
        let (answer, answered) = oneshot::channel();
        let incoming = guest.http().new_incoming_request(Scheme::Http, request.map(Full::new))?;
        let outparam = guest.http().new_response_outparam(answer)?;
        let running = instance.answer(function, incoming, outparam);
        // The component may wait until its answer is taken, so both go on at once.
        let (ran, response) = tokio::join!(running, collect(answered, self.limits.response_bytes));
        let as_good_as_new = ran?;
        let response = response?;
        if let Some(instance) = as_good_as_new {
            function.shelf.put(instance, &self.room);
        }
        Ok(response)
    }
}

type Answer = Result<Response<HyperOutgoingBody>, ErrorCode>;

async fn collect(
    answered: oneshot::Receiver<Answer>,
    bytes_max: usize,
) -> Result<Response<Bytes>, Failure> {
    let response = answered.await.map_err(|_| Failure::NoAnswer)?.map_err(Failure::Refused)?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, bytes_max).collect().await;
    let body = body.map_err(|error| Failure::Body(error.to_string()))?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}

/// Why a component has no answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the pool of instances is used up")]
    NoRoom,
    #[error("it trapped: {0}")]
    Trapped(String),
    #[error("it ended without an answer")]
    NoAnswer,
    #[error("it answered with an error: {0}")]
    Refused(ErrorCode),
    #[error("its answer broke off: {0}")]
    Body(String),
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Failure {
        match error.downcast_ref::<PoolConcurrencyLimitError>() {
            Some(_) => Failure::NoRoom,
            None => Failure::Trapped(format!("{error:#}")),
        }
    }
}

/// A request to a component by its name, as through `http://NAME.spin.internal`.
pub(crate) fn addressed(name: &str, mut request: http::Request<Bytes>) -> http::Request<Bytes> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let full_url = format!("http://{name}.spin.internal{path}");
    let matched = Matched::chained(name, request.uri().path());
    matched.tell(request.headers_mut(), &full_url, None);
    if let Ok(uri) = full_url.parse() {
        *request.uri_mut() = uri;
    }
    request
}

/// An answer of the host's own.
pub(crate) fn plain(status: StatusCode, sentence: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(sentence.as_bytes()));
    *response.status_mut() = status;
    let plain_text = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain_text);
    response
}

#[cfg(test)]
mod tests {
    use super::{CHAIN_DEPTH_MAX, Call, addressed};
    use bytes::Bytes;
    use http::Request;

    #[test]
    fn a_chain_ends_after_its_greatest_depth_and_keeps_its_deadline() {
        let first = Call { deadline: tokio::time::Instant::now(), depth: 0 };
        let mut call = first;
        for _ in 0..CHAIN_DEPTH_MAX {
            call = call.deeper().unwrap();
        }
        assert!(call.deeper().is_none());
        assert_eq!(call.deadline, first.deadline);
    }

    #[test]
    fn a_chained_request_is_told_what_spin_would_tell_it() {
        let request =
            Request::post("http://x.example/rate?a=1").header("spin-path-match-id", "forged");
        let request = addressed("billing", request.body(Bytes::new()).unwrap());
        assert_eq!(request.uri(), "http://billing.spin.internal/rate?a=1");
        let headers = request.headers();
        assert_eq!(headers["spin-path-info"], "/rate");
        assert_eq!(headers["spin-full-url"], "http://billing.spin.internal/rate?a=1");
        assert_eq!(headers["spin-raw-component-route"], "/...");
        assert_eq!(headers["spin-component-route"], "");
        assert!(!headers.contains_key("spin-path-match-id"));
    }
}
