use serde_json::json;

use super::*;

const COMPONENT: &[u8] = b"a component";

fn trusting(key: &SigningKey) -> Trust {
    Trust { keys: BTreeMap::from([("jana".to_owned(), key.public())]), unsigned: false }
}

fn signed_by(key: &SigningKey) -> Package {
    let case = Case { name: "a minute".to_owned(), input: json!({}), output: json!({}) };
    Package::new("tariff", 3, COMPONENT, vec![case], Some(("jana", key))).unwrap()
}

fn refusal(package: &Package, trust: &Trust) -> String {
    package.open(trust).unwrap_err().to_string()
}

#[test]
fn what_was_signed_is_opened_and_names_who_signed_it() {
    let (key, text) = SigningKey::generate().unwrap();
    // Kept and read again it is the same key.
    let key =
        if SigningKey::read(&text).unwrap().public() == key.public() { key } else { panic!() };
    let trust = trusting(&key);
    let sent = serde_json::to_string(&signed_by(&key)).unwrap();
    let opened = serde_json::from_str::<Package>(&sent).unwrap().open(&trust).unwrap();
    assert_eq!((opened.manifest.world.as_str(), opened.manifest.version), ("tariff", 3));
    assert_eq!((opened.component.as_slice(), opened.digest), (COMPONENT, Digest::of(COMPONENT)));
    assert_eq!(opened.signature.unwrap().1, "jana");
}

#[test]
fn whatever_is_changed_after_signing_is_found() {
    let (key, _) = SigningKey::generate().unwrap();
    let trust = trusting(&key);
    let package = signed_by(&key);
    let component = BASE64.encode(b"another component");
    let changed = Package { component, ..package.clone() };
    assert!(refusal(&changed, &trust).starts_with("the manifest is for sha256:"));
    let manifest = package.manifest.replace("\"version\":3", "\"version\":4");
    let changed = Package { manifest, ..package.clone() };
    assert!(refusal(&changed, &trust).contains("\"jana\" is not good for this manifest"));
    for value in ["", "AAAA", "no base64"] {
        let signature = Signature { key: "jana".to_owned(), value: value.to_owned() };
        let changed = Package { signature: Some(signature), ..package.clone() };
        assert!(refusal(&changed, &trust).contains("is not good"), "{value}");
    }
    // Another key under the same name.
    let (other, _) = SigningKey::generate().unwrap();
    assert!(refusal(&signed_by(&other), &trust).contains("is not good"));
}

#[test]
fn unsigned_and_unknown_are_refused_unless_a_deployment_says_otherwise() {
    let (key, _) = SigningKey::generate().unwrap();
    let trust = trusting(&key);
    let unsigned = Package { signature: None, ..signed_by(&key) };
    assert!(
        refusal(&unsigned, &trust).contains("not signed")
            && refusal(&unsigned, &trust).contains("(jana)")
    );
    assert!(refusal(&unsigned, &Trust::default()).contains("(there is none)"));
    let development = Trust { unsigned: true, ..Trust::default() };
    assert_eq!(unsigned.open(&development).unwrap().signature, None);
    assert!(refusal(&signed_by(&key), &development).contains("\"jana\", which is not under"));
}

#[test]
fn keys_are_read_as_they_are_shown_and_do_not_print() {
    let (key, text) = SigningKey::generate().unwrap();
    let shown = key.public().to_string();
    assert_eq!(shown.parse::<PublicKey>().unwrap(), key.public());
    for bad in ["", "ed25519:", "ed25519:AAAA", &shown[8..], "rsa:AAAA"] {
        assert!(bad.parse::<PublicKey>().is_err(), "{bad}");
    }
    assert!(SigningKey::read("AAAA").is_err());
    assert!(!format!("{key:?}").contains(&text[..8]));
}
