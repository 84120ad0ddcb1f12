//! The operators' desk in a real browser, signed in at a directory that speaks OpenID Connect.

use anyhow::{Context, Result, bail};
use konf_harness::konf::Konf;

use crate::support::{Credentials, credentials, in_a_browser, wall_in};

#[test]
fn people_of_the_companys_directory_sign_in_and_read_every_page() -> Result<()> {
    let mut konf = None;
    let mut number = String::new();
    in_a_browser("desk.mjs", &[], |question| {
        Ok(match question.split(' ').collect::<Vec<_>>()[..] {
            ["konf", port] => {
                let started = Konf::start_with(40, &oidc(port))?;
                number = something_to_see(&started)?.number;
                let base = format!("http://{}", started.http);
                konf = Some(started);
                base
            }
            ["number"] => number.clone(),
            ["request"] => {
                let konf = konf.as_ref().context("Konf runs")?;
                let text = format!("konf {} 180 30", wall_in(5 * 86_400)?);
                konf.sms("+420606111444", &text, "asked later")?.to_string()
            }
            _ => bail!("the browser's part asks {question:?}"),
        })
    })?;
    let konf = konf.context("the browser's part has never asked for Konf")?;
    let audit = konf.get("/operator/v1/audit")?.to_string();
    assert!(audit.contains("oidc:desk-jana") && !audit.contains("marketa"), "{audit}");
    let logs = konf.logs();
    assert!(!logs.contains("a secret of the tests") && !logs.contains("marketa"));
    konf.passed()
}

fn oidc(port: &str) -> String {
    format!(
        r#"
[oidc]
issuer = "http://127.0.0.1:{port}"
client_id = "konf"
client_secret = "a secret of the tests & more"
roles = {{ konf-desk = "operator", konf-boss = "admin" }}
"#
    )
}

/// A booking, a request, and messages of both.
fn something_to_see(konf: &Konf) -> Result<Credentials> {
    let from = "+420606111222";
    konf.sms(from, &format!("konf {} 60 10", wall_in(3_600)?), "booked")?;
    konf.sms("+420606111333", &format!("konf {} 180 30", wall_in(4 * 86_400)?), "asked")?;
    credentials(konf, from)
}
