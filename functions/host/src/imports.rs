//! What a component may import. Everything else is refused by name before it runs.

use std::collections::BTreeSet;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Spin's variables, as spin-sdk 5 imports them.
pub(crate) const VARIABLES: &str = "fermyon:spin/variables@2.0.0";

/// What `#[http_component]` exports, without its version.
const HTTP_EXPORT: &str = "wasi:http/incoming-handler@0.2.";

/// For functions: HTTP, clocks, randomness, printing, and the empty file system and environment that Rust's standard
/// library asks for.
const FUNCTION_INTERFACES: [&str; 8] = [
    "wasi:cli/",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/",
    "wasi:random/",
];

/// For policies: what Rust's standard library drags in for a panic. All of it traps when it is called.
const POLICY_INTERFACES: [&str; 2] = ["wasi:cli/", "wasi:io/"];

/// Names what a function may not have, or a policy for which the manifest has no component, or the other way round.
pub(crate) fn check_function<'a>(
    engine: &Engine,
    component: &Component,
    policies: impl Iterator<Item = &'a String>,
) -> Result<(), String> {
    let ty = component.component_type();
    let named: BTreeSet<&str> = policies.map(String::as_str).collect();
    let mut used = BTreeSet::new();
    for (name, _) in ty.imports(engine) {
        if named.contains(name) {
            used.insert(name);
        } else if name.starts_with("konf:policy/") {
            return Err(format!(
                "it imports {name}, and the manifest names no policy for it: add \"{name}\" = {{ path = \"…\" }} under \
                 its [dependencies]"
            ));
        } else if name != VARIABLES && !is_wasi(name, &FUNCTION_INTERFACES) {
            return Err(format!("it asks for {}, which this host does not lend", in_words(name)));
        }
    }
    if let Some(unused) = named.difference(&used).next() {
        return Err(format!("the manifest gives it the policy {unused}, which it does not import"));
    }
    if !ty.exports(engine).any(|(name, _)| name.starts_with(HTTP_EXPORT)) {
        return Err(
            "it exports no wasi:http/incoming-handler@0.2, so it can't answer a request".into()
        );
    }
    Ok(())
}

/// Whether a policy may import it, and gets it inert.
pub(crate) fn is_inert(name: &str) -> bool {
    is_wasi(name, &POLICY_INTERFACES)
}

/// The first thing that a policy may not have, in words.
pub(crate) fn impure(engine: &Engine, component: &Component) -> Option<String> {
    let ty = component.component_type();
    ty.imports(engine).find(|(name, _)| !is_inert(name)).map(|(name, _)| in_words(name))
}

/// One of these interfaces in a version that is compatible with WASI 0.2.
fn is_wasi(name: &str, interfaces: &[&str]) -> bool {
    name.contains("@0.2.") && interfaces.iter().any(|interface| name.starts_with(interface))
}

pub(crate) fn in_words(name: &str) -> String {
    let what = match name.split_once('/').map(|(package, _)| package) {
        Some("wasi:clocks") => "a clock",
        Some("wasi:random") => "randomness",
        Some("wasi:filesystem") => "files",
        Some("wasi:sockets") => "sockets",
        Some("wasi:http") => "HTTP",
        Some(
            "fermyon:spin" | "spin:postgres" | "spin:sqlite" | "wasi:keyvalue" | "wasi:config",
        ) => "a service of Spin's",
        _ => "an interface",
    };
    format!("{what} ({name})")
}
