//! `spin.toml` and its components as a real Spin takes them: the manifest by Spin's documented schema (version 2), each
//! function composed with its policies as Spin composes them, and nothing imported that a stock Spin lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode};
use konf_api::ledger::{POLICY_HEADER, RatingProposal};
use konf_host::Host;
use serde::Deserialize;

use crate::compose::compose;
use crate::support::{Billing, Choice, Folder, Ledger, built, rate_request, text};

// ── the schema: spinframework.dev/manifest-reference, for Spin 3 ────────────────────────────────────────────────────

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    spin_manifest_version: u32,
    application: Application,
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    trigger: BTreeMap<String, Vec<Trigger>>,
    #[serde(default)]
    component: BTreeMap<String, Component>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default, rename = "authors")]
    _authors: Vec<String>,
    #[serde(default, rename = "trigger")]
    _trigger: BTreeMap<String, toml::Table>,
    #[serde(default, rename = "tool")]
    _tool: BTreeMap<String, toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    #[serde(default)]
    required: bool,
    default: Option<String>,
    #[serde(default, rename = "secret")]
    _secret: bool,
    #[serde(rename = "description")]
    _description: Option<String>,
}

/// Of the type `http`; other types have other fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trigger {
    #[serde(rename = "id")]
    _id: Option<String>,
    component: String,
    route: Route,
    #[serde(rename = "executor")]
    _executor: Option<toml::Table>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Route {
    Public(String),
    Private(Private),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Private {
    private: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Component {
    /// Also an address or a package; this application has files alone.
    source: PathBuf,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    build: Option<Build>,
    #[serde(default, rename = "tool")]
    _tool: BTreeMap<String, toml::Table>,
    #[serde(default)]
    dependencies_inherit_configuration: bool,
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Build {
    command: Commands,
    #[serde(rename = "workdir")]
    _workdir: Option<String>,
    #[serde(default, rename = "watch")]
    _watch: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Commands {
    One(String),
    Many(Vec<String>),
}

/// A local component; registries and addresses are the other kinds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dependency {
    path: PathBuf,
    export: Option<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(text: &str) -> Result<Manifest, String> {
    let manifest: Manifest = toml::from_str(text).map_err(|error| error.to_string())?;
    manifest.check().map(|()| manifest)
}

impl Manifest {
    /// What Spin refuses besides a field that it does not know.
    fn check(&self) -> Result<(), String> {
        ensure(self.spin_manifest_version == 2, "the manifest's version is 2")?;
        ensure(!self.application.name.is_empty(), "an application has a name")?;
        let version =
            self.application.version.split('.').filter(|part| part.parse::<u32>().is_ok());
        ensure(version.count() == 3, "an application's version is major.minor.patch")?;
        for (name, variable) in &self.variables {
            ensure(is_id(name, '_'), &format!("variable {name} is not in snake_case"))?;
            let given = variable.required != variable.default.is_some();
            ensure(given, &format!("variable {name} is required or has a default, and not both"))?;
        }
        ensure(self.trigger.keys().eq(["http"]), "every trigger is of the type http")?;
        for trigger in &self.trigger["http"] {
            let there = self.component.contains_key(&trigger.component);
            ensure(there, &format!("there is no component {}", trigger.component))?;
            match &trigger.route {
                Route::Public(route) => ensure(is_route(route), &format!("{route} is no route"))?,
                Route::Private(Private { private }) => {
                    ensure(*private, "a route is not private = false")?
                }
            }
        }
        self.component
            .iter()
            .try_for_each(|(name, component)| self.check_component(name, component))
    }

    fn check_component(&self, name: &str, component: &Component) -> Result<(), String> {
        ensure(is_id(name, '-'), &format!("component {name} is not in kebab-case"))?;
        for (variable, template) in &component.variables {
            ensure(
                is_id(variable, '_'),
                &format!("{name}: variable {variable} is not in snake_case"),
            )?;
            self.check_template(template)?;
        }
        for host in &component.allowed_outbound_hosts {
            self.check_template(host)?;
            // What is given by a variable is checked by Spin when it has the value.
            let whole = host.starts_with("{{") || host.split_once("://").is_some_and(is_host);
            ensure(whole, &format!("{name}: {host} is not scheme://host[:port]"))?;
        }
        for (interface, dependency) in &component.dependencies {
            let (package, version) =
                interface.split_once('@').ok_or("a dependency has a version")?;
            let named =
                package.split_once(':').is_some_and(|(_, rest)| rest.split_once('/').is_some());
            ensure(
                named && version.split('.').count() == 3,
                &format!("{interface} is no interface"),
            )?;
            ensure(dependency.export.is_none(), "an export is named as the import is")?;
        }
        ensure(
            component.build.as_ref().is_some_and(|build| match &build.command {
                Commands::One(command) => !command.is_empty(),
                Commands::Many(commands) => !commands.is_empty(),
            }),
            &format!("{name}: spin build has nothing to do"),
        )
    }

    fn check_template(&self, template: &str) -> Result<(), String> {
        for rest in template.split("{{").skip(1) {
            let (name, _) = rest.split_once("}}").ok_or(format!("{template}: not closed"))?;
            ensure(
                self.variables.contains_key(name.trim()),
                &format!("{template}: no such variable"),
            )?;
        }
        Ok(())
    }
}

fn ensure(good: bool, otherwise: &str) -> Result<(), String> {
    if good { Ok(()) } else { Err(otherwise.to_owned()) }
}

/// Words of lower-case letters and digits, each beginning with a letter.
fn is_id(name: &str, between: char) -> bool {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    name.split(between).all(word)
}

/// From the root, in whole segments; `...` only at the end.
fn is_route(route: &str) -> bool {
    let path = route.strip_suffix("/...").unwrap_or(route);
    (path.starts_with('/') || path.is_empty()) && !path.contains("...") && !route.is_empty()
}

fn is_host((scheme, host): (&str, &str)) -> bool {
    is_id(scheme, '-') && !host.is_empty() && !host.contains('/')
}

#[test]
fn the_manifest_is_one_that_spin_reads() {
    let text = std::fs::read_to_string(root().join("spin.toml")).unwrap();
    let manifest = read(&text).unwrap();
    assert!(manifest.component.len() >= 4);
    // What Spin refuses, this check refuses.
    for (from, to) in [
        ("spin_manifest_version = 2", "spin_manifest_version = 1"),
        ("[application]\n", "[application]\nowner = \"me\"\n"),
        ("version = \"0.1.0\"", "version = \"0.1\""),
        ("ledger_url = { required = true }", "ledger_url = { }"),
        ("ledger_url = { required = true }", "ledgerUrl = { required = true }"),
        ("component = \"order\"", "component = \"odrer\""),
        ("{ private = true }", "{ private = false }"),
        ("route = \"/sms/...\"", "route = \"sms\""),
        ("\"http://schedule.spin.internal\"", "\"schedule.spin.internal\""),
        ("ledger_token = \"{{ ledger_token }}\"", "ledger_token = \"{{ ledger_tokne }}\""),
        ("[component.order.build]", "[component.order.konf]\na = 1\n[component.order.build]"),
        ("\"konf:policy/tariff@1.0.0\" = { path", "\"konf:policy/tariff@1.0.0\" = { file"),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(read(&text.replacen(from, to, 1)).is_err(), "{to}");
    }
}

// ── components ──────────────────────────────────────────────────────────────────────────────────────────────────────

/// What every Spin from 2.2 on lends a component: `wasi:cli/imports` and `wasi:http` of WASI 0.2 in any version (they
/// are compatible), and its own variables. Not its databases: Konf's data have one owner.
const LENT: [&str; 9] = [
    "wasi:cli/",
    "wasi:clocks/monotonic-clock@",
    "wasi:clocks/wall-clock@",
    "wasi:filesystem/",
    "wasi:http/outgoing-handler@",
    "wasi:http/types@",
    "wasi:io/",
    "wasi:random/",
    "fermyon:spin/variables@2.0.0",
];

fn is_lent(import: &str) -> bool {
    let version = import.split_once('@').is_some_and(|(_, version)| version.starts_with("0.2."));
    LENT.iter().any(|lent| import.starts_with(lent) && (version || import == *lent))
}

#[test]
fn spin_composes_each_function_with_its_policies_and_lends_all_that_is_left() {
    let manifest = read(&std::fs::read_to_string(root().join("spin.toml")).unwrap()).unwrap();
    let mut composed_with = BTreeSet::new();
    for (name, component) in &manifest.component {
        let imports = composed(name, component).unwrap_or_else(|why| panic!("{name}: {why}"));
        let strange: Vec<_> = imports.iter().filter(|import| !is_lent(import)).collect();
        assert!(strange.is_empty(), "{name} imports what Spin lacks: {strange:?}");
        assert!(!component.dependencies_inherit_configuration, "{name}: a policy has no rights");
        composed_with.extend(component.dependencies.keys().cloned());
    }
    let worlds: BTreeSet<_> =
        konf_host::worlds().values().map(|world| world.interface.clone()).collect();
    assert!(composed_with.is_subset(&worlds), "{composed_with:?}");
    assert!(composed_with.contains("konf:policy/tariff@1.0.0"));
}

/// The interfaces that it still imports.
fn composed(name: &str, component: &Component) -> Result<Vec<String>, String> {
    let file = |(interface, dependency): (&String, &Dependency)| {
        (interface.clone(), root().join(&dependency.path))
    };
    let dependencies = component.dependencies.iter().map(file).collect();
    let folder = Folder::new();
    compose(&root().join(&component.source), &dependencies, &folder.0.join(name))
}

#[test]
fn what_spin_can_not_compose_is_told() {
    let folder = Folder::new();
    let out = folder.0.join("out.wasm");
    let with = |interface: &str, policy: &str| {
        let dependencies = BTreeMap::from([(interface.to_owned(), built(policy))]);
        compose(&built("konf_billing"), &dependencies, &out).err().unwrap_or_default()
    };
    let tariff = "konf:policy/tariff@1.0.0";
    assert_eq!(with(tariff, "konf_policy_tariff"), "");
    let why = with(tariff, "konf_policy_admission");
    assert!(why.contains("exports no konf:policy/tariff"), "{why}");
    let why = with("konf:policy/weather@1.0.0", "konf_policy_tariff");
    assert!(why.contains("matches no import"), "{why}");
    let alone = compose(&built("konf_billing"), &BTreeMap::new(), &out).unwrap();
    assert!(alone.iter().any(|import| import == tariff), "{alone:?}");
    assert!(!is_lent(tariff) && !is_lent("spin:sqlite/sqlite@3.0.0"));
    assert!(!is_lent("wasi:sockets/tcp@0.2.0") && !is_lent("wasi:cli/run@0.3.0"));
}

#[tokio::test]
async fn a_composed_function_answers_the_same_and_its_record_names_no_policy() {
    let files = BTreeMap::from([("konf:policy/tariff@1.0.0".into(), built("konf_policy_tariff"))]);
    let folder = Folder::new();
    compose(&built("konf_billing"), &files, &folder.0.join("billing.wasm")).unwrap();
    let mut settings = folder.settings(
        r#"
        [[trigger.http]]
        route = { private = true }
        component = "billing"
        [component.billing]
        source = "billing.wasm"
        allowed_outbound_hosts = ["http://ledger.konf.internal"]
        [component.billing.variables]
        ledger_url = "http://ledger.konf.internal"
        ledger_token = "a-token"
        operator_token = "secret-of-operators"
        "#,
    );
    let ledger = Arc::new(Ledger::default());
    settings.internal.push(("ledger.konf.internal".into(), ledger.clone()));
    let host = Host::load(settings).unwrap();
    assert!(host.slots().is_empty());
    let through_a_slot = Billing::load(Choice::default());
    for duration_ms in [1, 61_000, 4_200_000] {
        let request = || rate_request("o2-mobile", duration_ms);
        let asked = Request::post("/rate").body(Bytes::from(request())).unwrap();
        let answer = host.call("billing", asked).await;
        assert_eq!(answer.status(), StatusCode::OK, "{}", text(&answer));
        let [told] = &ledger.take()[..] else { panic!("one request to the ledger") };
        assert!(!told.headers().contains_key(POLICY_HEADER), "nobody has verified a digest");
        through_a_slot.rate("o2-mobile", duration_ms).await;
        let [slot] = &through_a_slot.ledger.take()[..] else { panic!("one request to the ledger") };
        assert!(slot.headers().contains_key(POLICY_HEADER));
        let proposal = |body: &Bytes| serde_json::from_slice::<RatingProposal>(body).unwrap();
        assert_eq!(proposal(told.body()), proposal(slot.body()));
    }
}
