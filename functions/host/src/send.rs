//! Requests that a component sends: whether it may, under which name, and to whom.

use crate::app::{App, Call, Function};
use crate::outbound::Destination;
use crate::{Digest, network};
use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::{BodyExt, Full, Limited};
use konf_api::policy::{ABOUT_HEADER, About, CHOICE_HEADER};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpHooks};

/// Tells the ledger which policies were called. No component can set it.
pub(crate) const POLICY_HEADER: HeaderName = HeaderName::from_static("konf-policy");

/// Tells the ledger which policies the conference is to stay on. No component can set it.
const CHOICE: HeaderName = HeaderName::from_static(CHOICE_HEADER);

/// Requests to a component of the same application go to names below this one.
const CHAINED: &str = ".spin.internal";

/// One request of a component, from its start to its end.
pub(crate) struct Outgoing {
    app: Arc<App>,
    function: Arc<Function>,
    call: Call,
    /// The policies called so far.
    stamps: BTreeSet<(String, Digest)>,
    /// The conference that is talked of, as who asked for work or gave facts said last.
    about: Arc<Mutex<About>>,
}

impl Outgoing {
    pub(crate) fn new(
        app: Arc<App>,
        function: Arc<Function>,
        call: Call,
        about: About,
    ) -> Outgoing {
        let about = Arc::new(Mutex::new(about));
        Outgoing { app, function, call, stamps: BTreeSet::new(), about }
    }

    pub(crate) fn about(&self) -> About {
        self.about.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn function(&self) -> &Function {
        &self.function
    }

    pub(crate) fn stamp(&mut self, interface: &str, digest: Digest) {
        self.stamps.insert((interface.to_owned(), digest));
    }

    /// The policies that the conference, if one is talked of, is to stay on.
    fn choice(&self) -> BTreeSet<(String, Digest)> {
        let about = self.about();
        let slots = self.app.slots.iter().filter(|_| about.booking.is_some());
        slots.map(|(interface, slot)| (interface.clone(), slot.choice(&about))).collect()
    }

    /// Where the request goes, if it may.
    fn permitted(&self, uri: &http::Uri) -> Result<Destination> {
        let to = Destination::of(uri).ok_or(Error::HttpRequestUriInvalid)?;
        if self.function.outbound.iter().any(|pattern| pattern.allows(&to)) {
            return Ok(to);
        }
        tracing::warn!(
            component = %self.function.name, destination = %to,
            "a request was denied: the component's allowed_outbound_hosts do not name its destination"
        );
        Err(Error::HttpRequestDenied)
    }
}

/// Sends what an instance wants to have sent, for the request that it answers. Between two requests it sends nothing.
#[derive(Default)]
pub(crate) struct Sender(Option<Outgoing>);

impl Sender {
    pub(crate) fn of(request: Outgoing) -> Sender {
        Sender(Some(request))
    }

    pub(crate) fn request(&self) -> Option<&Outgoing> {
        self.0.as_ref()
    }

    pub(crate) fn stamp(&mut self, interface: &str, digest: Digest) {
        if let Some(request) = &mut self.0 {
            request.stamp(interface, digest);
        }
    }
}

type Sent = Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<()>> + Send>)>;

impl WasiHttpHooks for Sender {
    fn send_request(
        &mut self,
        mut request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<()>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let Some(of) = &self.0 else {
            return Box::new(std::future::ready(Err(Error::HttpRequestDenied)));
        };
        let to = match of.permitted(request.uri()) {
            Ok(to) => to,
            Err(error) => return Box::new(std::future::ready(Err(error))),
        };
        stamp(request.headers_mut(), &POLICY_HEADER, &of.stamps);
        stamp(request.headers_mut(), &CHOICE, &of.choice());
        let (app, call, about) = (of.app.clone(), of.call, of.about.clone());
        let patience = options.and_then(|options| options.first_byte_timeout);
        Box::new(async move {
            let sending = send(&app, to, request, call, &about);
            let response = match patience {
                Some(patience) => within(patience, sending).await?,
                None => sending.await?,
            };
            let body = |bytes| Full::new(bytes).map_err(|never| match never {}).boxed_unsync();
            let nothing_left: Box<dyn Future<Output = Result<()>> + Send> =
                Box::new(std::future::ready(Ok(())));
            Ok((response.map(body), nothing_left))
        })
    }
}

async fn within<T>(patience: Duration, sending: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(patience, sending).await.map_err(|_| Error::ConnectionReadTimeout)?
}

async fn send(
    app: &Arc<App>,
    to: Destination,
    request: http::Request<WasiBody>,
    call: Call,
    about: &Mutex<About>,
) -> Result<http::Response<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, app.limits.response_bytes).collect().await;
    let body = body.map_err(|_| Error::HttpRequestBodySize(None))?.to_bytes();
    let request = http::Request::from_parts(parts, body);
    if let Some(name) = to.host.strip_suffix(CHAINED) {
        return app.chain(name, request, call.deeper().ok_or(Error::LoopDetected)?).await;
    }
    match app.internal.get(&to.authority()) {
        Some(internal) => {
            let mut response = internal.call(request).await;
            if let Some(said) = take_about(response.headers_mut()) {
                let said = app.stay(said);
                *about.lock().unwrap_or_else(PoisonError::into_inner) = said;
            }
            Ok(response)
        }
        None => network::send(&to, request, app.limits.response_bytes).await,
    }
}

/// Takes off what is said of the conference. What is not understood says nothing.
pub(crate) fn take_about(headers: &mut HeaderMap) -> Option<About> {
    let said = headers.remove(ABOUT_HEADER)?;
    match serde_json::from_slice(said.as_bytes()) {
        Ok(about) => Some(about),
        Err(error) => {
            tracing::error!(%error, "what is said of a conference is not understood");
            None
        }
    }
}

/// Puts policies' digests on a request, and takes off whatever the component put there itself.
fn stamp(headers: &mut HeaderMap, name: &HeaderName, stamps: &BTreeSet<(String, Digest)>) {
    headers.remove(name);
    if stamps.is_empty() {
        return;
    }
    let mut value = String::new();
    for (interface, digest) in stamps {
        let comma = if value.is_empty() { "" } else { "," };
        // Writing to a string can't fail.
        let _ = write!(value, "{comma}{interface}={digest}");
    }
    match HeaderValue::from_str(&value) {
        Ok(value) => drop(headers.insert(name, value)),
        Err(error) => tracing::error!(%error, "an interface's name does not fit into a header"),
    }
}

#[cfg(test)]
mod tests {
    use super::{About, POLICY_HEADER, stamp, take_about};
    use crate::Digest;
    use http::header::{HeaderMap, HeaderValue};
    use std::collections::BTreeSet;

    #[test]
    fn the_header_is_the_one_that_the_ledger_reads() {
        assert_eq!(POLICY_HEADER.as_str(), konf_api::ledger::POLICY_HEADER);
    }

    #[test]
    fn a_component_can_not_forge_which_policy_it_called() {
        let mut headers = HeaderMap::new();
        headers
            .append(POLICY_HEADER, HeaderValue::from_static("konf:policy/tariff@1.0.0=sha256:00"));
        headers.append(POLICY_HEADER, HeaderValue::from_static("another"));
        stamp(&mut headers, &POLICY_HEADER, &BTreeSet::new());
        assert!(!headers.contains_key(POLICY_HEADER));
    }

    #[test]
    fn what_is_said_of_a_conference_is_taken_off_whether_or_not_it_is_understood() {
        let said = |text: &'static str| {
            let mut headers = HeaderMap::from_iter([(
                "konf-about".parse().unwrap(),
                HeaderValue::from_static(text),
            )]);
            let about = take_about(&mut headers);
            assert!(headers.is_empty());
            about
        };
        let booking = Some("booking-1".to_owned());
        assert_eq!(said(r#"{"booking":"booking-1"}"#), Some(About { booking, ..About::default() }));
        assert_eq!(said("{"), None);
    }

    #[test]
    fn every_policy_that_was_called_is_named_once() {
        let mut headers =
            HeaderMap::from_iter([(POLICY_HEADER, HeaderValue::from_static("forged"))]);
        let stamps = BTreeSet::from([
            ("konf:policy/tariff@1.0.0".to_owned(), Digest([1; 32])),
            ("konf:policy/admission@1.0.0".to_owned(), Digest([2; 32])),
        ]);
        stamp(&mut headers, &POLICY_HEADER, &stamps);
        let (one, two) = ("01".repeat(32), "02".repeat(32));
        assert_eq!(
            headers[POLICY_HEADER],
            format!(
                "konf:policy/admission@1.0.0=sha256:{two},konf:policy/tariff@1.0.0=sha256:{one}"
            )
        );
        assert_eq!(headers.get_all(POLICY_HEADER).iter().count(), 1);
    }
}
