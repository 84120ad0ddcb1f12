//! Manifests in a folder of their own, guests in a few lines of text, and a ledger that writes down what it is asked.

use bytes::Bytes;
use http::{Request, Response};
use konf_host::{Host, Internal, LoadError, Settings};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// A folder for one test, gone with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("konf-host-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Settings for an application of this manifest. The engine's pool is small, since every test has its own.
    pub(crate) fn settings(&self, manifest: &str) -> Settings {
        let head = "spin_manifest_version = 2\n[application]\nname = \"test\"\n";
        let mut settings = Settings::new(self.write("spin.toml", format!("{head}{manifest}")));
        settings.limits.concurrency = 4;
        settings
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn refusal(settings: Settings) -> String {
    match Host::load(settings) {
        Ok(_) => panic!("the application was loaded"),
        Err(LoadError::Policy { interface, why }) => format!("{interface}: {why}"),
        Err(error) => error.to_string(),
    }
}

// ── guests ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/// A component of the repository, as `cargo xtask build components` leaves it.
pub(crate) fn built(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join(format!("target/wasm32-wasip2/release/{name}.wasm"));
    assert!(path.exists(), "{} is missing: run cargo xtask build components first", path.display());
    path.canonicalize().unwrap()
}

/// A component that runs `body` for each request. The body sees a memory of one page and `(param i32 i32)`.
pub(crate) fn function(imports: &str, body: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            {imports}
            (import "wasi:http/types@0.2.0" (instance $types
                (export "incoming-request" (type (sub resource)))
                (export "response-outparam" (type (sub resource)))))
            (alias export $types "incoming-request" (type $request))
            (alias export $types "response-outparam" (type $out))
            (core module $code
                (memory 1)
                (func (export "handle") (param i32 i32) {body}))
            (core instance $running (instantiate $code))
            (func $handle (param "request" (own $request)) (param "response-out" (own $out))
                (canon lift (core func $running "handle")))
            (instance $handler (export "handle" (func $handle)))
            (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))"#
    );
    wat::parse_str(text).unwrap()
}

// ── a ledger ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Default)]
pub(crate) struct Ledger {
    asked: Mutex<Vec<Request<Bytes>>>,
    /// Takes every request and answers none.
    hangs: bool,
}

impl Internal for Ledger {
    fn call(
        &self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Response<Bytes>> + Send + '_>> {
        self.asked.lock().unwrap().push(request);
        if self.hangs {
            return Box::pin(std::future::pending());
        }
        Box::pin(std::future::ready(Response::new(Bytes::from_static(b"\"committed\""))))
    }
}

impl Ledger {
    pub(crate) fn take(&self) -> Vec<Request<Bytes>> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// `billing` with its tariff and a ledger in the process.
pub(crate) struct Billing {
    pub(crate) host: Arc<Host>,
    pub(crate) ledger: Arc<Ledger>,
    _folder: Folder,
}

/// What a test changes about [`Billing`].
pub(crate) struct Choice<'a> {
    pub(crate) ledger_url: &'a str,
    pub(crate) allowed: &'a str,
    pub(crate) ledger_hangs: bool,
    pub(crate) deadline_ms: u64,
    pub(crate) requests_per_instance: u32,
}

impl Default for Choice<'_> {
    fn default() -> Self {
        Choice {
            ledger_url: "http://ledger.konf.internal",
            allowed: "{{ ledger_url }}",
            ledger_hangs: false,
            deadline_ms: 10_000,
            requests_per_instance: 128,
        }
    }
}

impl Billing {
    pub(crate) fn load(choice: Choice<'_>) -> Billing {
        let folder = Folder::new();
        let mut settings = folder.settings(&format!(
            r#"
            [variables]
            ledger_url = {{ required = true }}
            [[trigger.http]]
            route = "/statements/..."
            component = "billing"
            [component.billing]
            source = {:?}
            allowed_outbound_hosts = [{:?}]
            [component.billing.variables]
            ledger_url = "{{{{ ledger_url }}}}"
            ledger_token = "a-token"
            operator_token = "secret-of-operators"
            [component.billing.dependencies]
            "konf:policy/tariff@1.0.0" = {{ path = {:?} }}
            "#,
            built("konf_billing"),
            choice.allowed,
            built("konf_policy_tariff"),
        ));
        let ledger = Arc::new(Ledger { hangs: choice.ledger_hangs, ..Ledger::default() });
        settings.limits.deadline_ms = choice.deadline_ms;
        settings.limits.requests_per_instance = choice.requests_per_instance;
        settings.variables.insert("ledger_url".into(), choice.ledger_url.into());
        // Compiled once for all tests and all runs.
        settings.cache_dir = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled"));
        settings.internal.push(("ledger.konf.internal".into(), ledger.clone()));
        Billing { host: Host::load(settings).unwrap(), ledger, _folder: folder }
    }

    pub(crate) async fn rate(&self, network: &str, duration_ms: u64) -> Response<Bytes> {
        let asked = rate_request(network, duration_ms);
        self.host.call("billing", Request::post("/rate").body(asked.into()).unwrap()).await
    }

    pub(crate) async fn rate_about(&self, about: &konf_api::policy::About) -> Response<Bytes> {
        let request = Request::post("/rate")
            .header(konf_api::policy::ABOUT_HEADER, serde_json::to_vec(about).unwrap())
            .body(rate_request("o2-mobile", 61_000).into());
        self.host.call("billing", request.unwrap()).await
    }
}

pub(crate) fn rate_request(network: &str, duration_ms: u64) -> Vec<u8> {
    use konf_contract::link::{EndReason, LegEnd, LegLeft, Party};
    use konf_contract::{Caller, LegId, UnixMs};
    let caller = Caller { number: None, network: network.into(), trunk: "o2".into(), mobile: true };
    let leg = LegLeft {
        leg: LegId(1),
        caller,
        grant: None,
        conference: None,
        booking: None,
        role: None,
        answered: UnixMs(1_790_000_000_000),
        joined: None,
        ended: UnixMs(1_790_000_090_500),
        duration_ms,
        end: LegEnd { reason: EndReason::HungUp, who: Party::Caller, detail: None },
        quality: None,
    };
    let record = konf_api::ledger::RecordKey { edge: "e".into(), boot: "b".into(), sequence: 1 };
    serde_json::to_vec(&konf_api::rating::RateRequest { record, leg }).unwrap()
}

pub(crate) fn text(response: &Response<Bytes>) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}
