//! The provider by which people of the operator's own directory sign in at the desk.

use std::collections::BTreeMap;
use std::net::IpAddr;

use anyhow::{Result, bail, ensure};
use konf_ledger::OperatorRole;
use serde::Deserialize;

use super::Secret;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenOidc {
    issuer: String,
    client_id: String,
    client_secret: Secret,
    scope: Option<String>,
    claim: Option<String>,
    roles: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
pub struct Oidc {
    /// Exactly as the provider calls itself.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Secret,
    pub scope: String,
    /// In which claim of the ID token, or of the provider's userinfo, values stand for roles; `a.b` is `b` inside of `a`.
    pub claim: String,
    /// What each value stands for.
    pub roles: BTreeMap<String, OperatorRole>,
}

pub(super) fn oidc(written: WrittenOidc) -> Result<Oidc> {
    let WrittenOidc { issuer, client_id, client_secret, scope, claim, roles } = written;
    ensure!(
        is_confidential(&issuer),
        "oidc.issuer = {issuer:?}: expected an address such as \"https://login.example\""
    );
    ensure!(!client_id.is_empty(), "oidc.client_id is empty: it is what the provider calls Konf");
    ensure!(
        !roles.is_empty(),
        "oidc.roles is empty: nobody could sign in; say for instance {{ konf-desk = \"operator\" }}"
    );
    let scope = scope.unwrap_or_else(|| "openid profile email".to_owned());
    ensure!(
        scope.split(' ').any(|word| word == "openid"),
        "oidc.scope = {scope:?} lacks \"openid\""
    );
    let roles = roles.into_iter().map(|(value, role)| Ok((value, read_role(&role)?)));
    Ok(Oidc {
        issuer,
        client_id,
        client_secret,
        scope,
        claim: claim.unwrap_or_else(|| "groups".to_owned()),
        roles: roles.collect::<Result<_>>()?,
    })
}

fn read_role(text: &str) -> Result<OperatorRole> {
    let all = [OperatorRole::Viewer, OperatorRole::Operator, OperatorRole::Admin];
    let Some(role) = all.into_iter().find(|role| role.name() == text) else {
        bail!("oidc.roles: {text:?} is no role; roles are \"viewer\", \"operator\" and \"admin\"");
    };
    Ok(role)
}

/// Nobody on the way reads what is sent there: it is https, or on this machine.
pub fn is_confidential(url: &str) -> bool {
    let Ok(url) = url.parse::<http::Uri>() else { return false };
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match url.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => is_here,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_to_https_or_to_this_machine() {
        for (url, confidential) in [
            ("https://login.example/realms/o2", true),
            ("http://127.0.0.1:3000", true),
            ("http://[::1]:3000/x", true),
            ("http://localhost", true),
            ("http://login.example", false),
            ("http://localhost.evil.example", false),
            ("http://127.0.0.1@evil.example", false),
            ("ftp://login.example", false),
            ("login.example", false),
        ] {
            assert_eq!(is_confidential(url), confidential, "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |text: &str| oidc(toml::from_str(text).unwrap()).unwrap_err().to_string();
        let whole = "issuer = \"https://a.example\"\nclient_id = \"konf\"\nclient_secret = \"s\"\n";
        assert!(said(&format!("{whole}roles = {{}}")).contains("nobody could sign in"));
        let boss = said(&format!("{whole}roles = {{ a = \"boss\" }}"));
        assert!(boss.contains("\"boss\" is no role"), "{boss}");
        let plain = whole.replace("https", "http");
        assert!(said(&format!("{plain}roles = {{ a = \"admin\" }}")).contains("oidc.issuer"));
    }
}
