use super::{Manifest, Written};
use crate::{LoadError, Settings};
use std::path::Path;

const GOOD: &str = r#"
spin_manifest_version = 2

[application]
name = "konf"
version = "0.1.0"

[variables]
ledger_url = { default = "http://ledger.konf.internal" }
ledger_token = { required = true, secret = true }

[[trigger.http]]
route = "/sms/..."
component = "order"

[[trigger.http]]
route = { private = true }
component = "billing"

[component.order]
source = "target/order.wasm"
allowed_outbound_hosts = ["{{ ledger_url }}", "http://*.spin.internal"]
[component.order.variables]
ledger_token = "Bearer {{ledger_token}}"
[component.order.build]
command = "cargo xtask build components"
[component.order.tool.konf]
deadline_ms = 2000
memory_mib = 100000
requests_per_instance = 1

[component.billing]
source = "target/billing.wasm"
[component.billing.dependencies]
"konf:policy/tariff@1.0.0" = { path = "target/tariff.wasm" }
"#;

fn read(text: &str) -> Result<Manifest, LoadError> {
    let mut settings = Settings::new("app/spin.toml");
    settings.variables.insert("ledger_token".into(), "s3cret".into());
    let written: Written = toml::from_str(text).map_err(|why| LoadError::Manifest {
        path: settings.manifest.clone(),
        why: why.to_string(),
    })?;
    written.resolve(Path::new("app"), &settings)
}

fn refusal(from: &str, to: &str) -> String {
    let text = GOOD.replace(from, to);
    assert_ne!(text, GOOD, "{from}");
    read(&text).err().map(|error| error.to_string()).unwrap_or_else(|| panic!("{to} was taken"))
}

#[test]
fn a_manifest_is_resolved_against_its_folder_and_variables() {
    let manifest = read(GOOD).unwrap();
    assert_eq!(manifest.name, "konf");
    let [billing, order] = &manifest.components[..] else { panic!("two components") };
    assert_eq!(order.source, Path::new("app/target/order.wasm"));
    assert_eq!(order.variables["ledger_token"], "Bearer s3cret");
    assert_eq!(order.limits.deadline_ms, 2000);
    assert_eq!(order.limits.memory_bytes, crate::Limits::default().memory_bytes);
    assert_eq!(order.limits.requests_per_instance, 1);
    assert_eq!(billing.limits, crate::Limits::default());
    assert_eq!(order.outbound.len(), 2);
    assert_eq!(billing.policies["konf:policy/tariff@1.0.0"], Path::new("app/target/tariff.wasm"));
    assert_eq!(manifest.routes.find("/sms/1").unwrap().component, "order");
}

#[test]
fn a_private_component_has_no_route() {
    let manifest = read(GOOD).unwrap();
    assert!(manifest.routes.of("billing").is_empty());
    assert_eq!(manifest.routes.find("/billing"), None);
}

#[test]
fn an_unknown_field_is_named() {
    let why = refusal("[component.order.build]", "files = [\"secrets\"]\n[component.order.build]");
    // The line lands in [component.order.variables], where a list is no value.
    assert!(why.contains("files"), "{why}");
    let why = refusal(
        "source = \"target/billing.wasm\"",
        "source = \"b.wasm\"\nkey_value_stores = [\"default\"]",
    );
    assert!(why.contains("key_value_stores"), "{why}");
    let why = refusal("deadline_ms = 2000", "deadline = 2000");
    assert!(why.contains("deadline"), "{why}");
}

#[test]
fn a_required_variable_without_a_value_names_what_to_set() {
    let settings = Settings::new("app/spin.toml");
    let written: Written = toml::from_str(GOOD).unwrap();
    let why = written.resolve(Path::new("app"), &settings).err().unwrap().to_string();
    assert_eq!(why, "variable ledger_token has no value: set SPIN_VARIABLE_LEDGER_TOKEN");
}

#[test]
fn bad_routes_hosts_and_triggers_are_refused() {
    assert!(refusal("/sms/...", "/sms/:id").contains("/sms/:id"));
    assert!(refusal("private = true", "private = false").contains("private"));
    assert!(refusal("component = \"billing\"", "component = \"biling\"").contains("biling"));
    assert!(refusal("http://*.spin.internal", "http://self").contains("self"));
    assert!(refusal("{{ ledger_url }}", "{{ ledger }}").contains("ledger"));
    assert!(refusal("konf:policy/tariff@1.0.0", "konf:policy").contains("konf:policy"));
    assert!(refusal("spin_manifest_version = 2", "spin_manifest_version = 1").contains('1'));
    assert!(
        refusal("source = \"target/order.wasm\"", "source = { url = \"x\", digest = \"y\" }")
            .contains("source")
    );
}
