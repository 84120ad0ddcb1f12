//! Control and one edge, as a deployment would run them.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::desk::Browser;
use crate::gateway::{self, Gateway};
use crate::process::{Process, binaries, free_ports, root};
use crate::smsc::{self, Smsc};
use crate::smtp::SmtpServer;
use crate::wait_for;

/// Of the operator, the ledger and Twilio.
pub const TOKEN: &str = "a-token-of-the-tests-only";
/// Calls from here come from the trunk `o2`, whose callers are the operator's own mobile customers.
pub const TRUNK_ADDRESS: &str = "127.0.0.2";

pub struct Konf {
    pub dir: PathBuf,
    /// Removes the folder unless the test failed.
    folder: Option<TempDir>,
    passed: bool,
    control: Process,
    edge: Process,
    pub gateway: Gateway,
    pub smtp: SmtpServer,
    pub http: String,
    metrics: String,
    pub sip_port: u16,
    pub sip_tls_port: u16,
    /// Where orders by e-mail are taken.
    pub mail_port: u16,
}

/// Of the mail server in front, which is on this host.
pub const AUTHSERV_ID: &str = "mx.konf.example";
pub const DKIM_SELECTOR: &str = "k1";
pub const ORDER_ADDRESS: &str = "orders@konf.example";

impl Konf {
    /// Starts everything and waits until the edge has joined control. `seats` can be booked.
    pub fn start(seats: u32) -> Result<Konf> {
        Konf::start_with(seats, "")
    }

    /// The same with more in control's configuration.
    pub fn start_with(seats: u32, more: &str) -> Result<Konf> {
        let gateway = Gateway::start()?;
        let (url, secret) = (&gateway.url, gateway::SECRET);
        let sms = format!("[sms]\nkind = \"generic\"\nurl = {url:?}\nsecret = {secret:?}");
        Konf::start_sending(seats, &sms, more, gateway)
    }

    /// The same with a carrier's SMSC for SMS out, and in.
    pub fn start_with_smsc(seats: u32, smsc: &Smsc) -> Result<Konf> {
        let (port, id, password) = (smsc.port, smsc::SYSTEM_ID, smsc::PASSWORD);
        let sms = format!(
            "[smpp]\naddress = \"127.0.0.1:{port}\"\nsystem_id = {id:?}\npassword = {password:?}\n\
             tls = true\nca = {:?}",
            smsc.certificate
        );
        Konf::start_sending(seats, &sms, "", Gateway::start()?)
    }

    /// `sms`: how SMS leave, but for the number that they come from.
    fn start_sending(seats: u32, sms: &str, more: &str, gateway: Gateway) -> Result<Konf> {
        let folder = tempfile::Builder::new().prefix("konf-e2e-").tempdir()?;
        let dir = folder.path().to_owned();
        let smtp = SmtpServer::start(&dir)?;
        let (http_port, sip_port, media) = (free_ports(0), free_ports(0), free_ports(60));
        let sip_tls_port = free_ports(0);
        let (link_port, mail_port) = (free_ports(0), free_ports(0));
        let http = format!("127.0.0.1:{http_port}");
        let metrics = format!("127.0.0.1:{}", free_ports(0));
        keys(&dir)?;
        fs::write(
            dir.join("konf.toml"),
            control_config(&http, &metrics, link_port, seats, sms, smtp.port)
                + &inbound(mail_port)
                + more,
        )?;
        fs::write(dir.join("edge.toml"), edge_config(sip_port, sip_tls_port, link_port, media))?;
        let control = start(&dir, "konf", "konf.toml", &["up"])?;
        let edge = start(&dir, "konf-edge", "edge.toml", &[])?;
        let konf = Konf {
            dir,
            folder: Some(folder),
            passed: false,
            control,
            edge,
            gateway,
            smtp,
            http,
            metrics,
            sip_port,
            sip_tls_port,
            mail_port,
        };
        konf.wait_until_joined()?;
        Ok(konf)
    }

    fn wait_until_joined(&self) -> Result<()> {
        wait_for("the edge to join control", Duration::from_secs(60), || {
            let edges = self.get("/operator/v1/edges").ok()?;
            (!edges.as_array()?.is_empty()).then_some(())
        })
        .with_context(|| {
            format!("control said: {}\nedge said: {}", self.control.said(), self.edge.said())
        })
    }

    /// Control is killed (SIGKILL).
    pub fn crash_control(&mut self) -> Result<()> {
        self.control.crash()
    }

    pub fn start_control(&mut self) -> Result<()> {
        self.control = start(&self.dir, "konf", "konf.toml", &["up"])?;
        self.wait_until_joined()
    }

    pub fn crash_edge(&mut self) -> Result<()> {
        self.edge.crash()
    }

    pub fn start_edge(&mut self) -> Result<()> {
        self.edge = start(&self.dir, "konf-edge", "edge.toml", &[])?;
        Ok(())
    }

    pub fn edge_pid(&self) -> u32 {
        self.edge.id()
    }

    /// All that both programs have logged.
    pub fn logs(&self) -> String {
        self.control.said() + &self.edge.said()
    }

    /// An answer of control, asked with the operator's token.
    pub fn get(&self, path: &str) -> Result<Value> {
        let mut answer = agent()
            .get(format!("http://{}{path}", self.http))
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("accept", "application/json")
            .call()?;
        Ok(serde_json::from_str(&answer.body_mut().read_to_string()?)?)
    }

    /// Signed in at the operators' desk, by a new account of that name and role.
    pub fn browser(&self, name: &str, role: &str) -> Result<Browser> {
        let password = "a password of the tests";
        let add = ["operator", "add", name, "--role", role];
        self.cli_reading(&format!("{password}\n"), &add)?;
        Browser::sign_in(&self.http, name, password)
    }

    /// Control's numbers for Prometheus.
    pub fn metrics(&self) -> Result<String> {
        let mut answer = agent().get(format!("http://{}/metrics", self.metrics)).call()?;
        Ok(answer.body_mut().read_to_string()?)
    }

    /// Sends an SMS as the generic gateway does; the status of the answer.
    pub fn sms(&self, from: &str, text: &str, id: &str) -> Result<u16> {
        let body =
            serde_json::json!({ "from": from, "to": "+420720002233", "text": text }).to_string();
        let timestamp = unix_seconds().to_string();
        let signature = gateway::sign(id, &timestamp, &body);
        self.post_signed("/sms/generic", &body, id, &timestamp, &signature)
    }

    /// Sends an SMS as Twilio does, signed with `token`; the status and the body of the answer.
    pub fn twilio(&self, token: &str, parameters: &[(&str, &str)]) -> Result<(u16, String)> {
        let url = format!("http://{}/sms/twilio", self.http);
        let signature = gateway::twilio_signature(token, &url, parameters);
        let mut answer = agent()
            .post(&url)
            .header("x-twilio-signature", signature)
            .send_form(parameters.to_vec())?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    }

    /// Hands an e-mail on as Postmark does, with this user and password; the status of the answer.
    pub fn postmark(&self, login: &str, body: &str) -> Result<u16> {
        let answer = agent()
            .post(format!("http://{}/mail/postmark", self.http))
            .header("content-type", "application/json")
            .header("authorization", format!("Basic {}", gateway::base64(login)))
            .send(body)?;
        Ok(answer.status().as_u16())
    }

    /// Opens the page of a link, as whatever looks at links in a mail does. Then presses its button, as a person does;
    /// the status and where the browser is sent.
    pub fn press(&self, link: &str) -> Result<(u16, String)> {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent = config.build().new_agent();
        let mut opened = agent.get(link).header("accept-language", "en").call()?;
        let cookie = opened.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        let page = opened.body_mut().read_to_string()?;
        let guard = page.split("name=\"csrf\" value=\"").nth(1).context("no button")?;
        let guard = guard.split('"').next().unwrap_or_default();
        let pressed = agent
            .post(link)
            .header("cookie", cookie.context("no cookie")?)
            .header("accept-language", "en")
            .header("sec-fetch-site", "same-origin")
            .send_form([("csrf", guard)])?;
        let place = pressed.headers().get("location").and_then(|value| value.to_str().ok());
        Ok((pressed.status().as_u16(), place.unwrap_or_default().to_owned()))
    }

    pub fn post_signed(
        &self,
        path: &str,
        body: &str,
        id: &str,
        timestamp: &str,
        signature: &str,
    ) -> Result<u16> {
        let answer = agent()
            .post(format!("http://{}{path}", self.http))
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .send(body)?;
        Ok(answer.status().as_u16())
    }

    /// Said at the end of a test that has passed: its logs and recordings are thrown away.
    pub fn passed(mut self) -> Result<()> {
        self.passed = true;
        Ok(())
    }

    /// What the command line prints.
    pub fn cli(&self, arguments: &[&str]) -> Result<String> {
        self.cli_reading("", arguments)
    }

    /// The same, with something to read.
    pub fn cli_reading(&self, input: &str, arguments: &[&str]) -> Result<String> {
        let mut child = Command::new(binaries()?.join("konf"))
            .arg("--config")
            .arg(self.dir.join("konf.toml"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that reads nothing may be gone already.
            let _ = stdin.write_all(input.as_bytes());
        }
        let output = child.wait_with_output()?;
        ensure!(
            output.status.success(),
            "konf {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Konf {
    fn drop(&mut self) {
        // In this order the edge's last records still reach control.
        let _ = self.edge.end();
        let _ = self.control.end();
        if !self.passed
            && let Some(folder) = self.folder.take()
        {
            let _ = folder.keep();
            #[expect(
                clippy::print_stderr,
                reason = "the one who reads a failed test has to find the logs"
            )]
            {
                eprintln!("logs and recordings of the failed test: {}", self.dir.display());
            }
        }
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(15)))
        .build();
    config.new_agent()
}

pub fn unix_seconds() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the harness is a shell: real programs run in real time"
    )]
    let now = SystemTime::now();
    now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn start(
    dir: &std::path::Path,
    program: &str,
    config: &str,
    arguments: &[&str],
) -> Result<Process> {
    let path = binaries()?.join(program);
    ensure!(
        path.exists(),
        "{} is not built: run `cargo xtask test`, which builds it",
        path.display()
    );
    let mut command = Command::new(path);
    command.arg("--config").arg(dir.join(config)).args(arguments).env("RUST_LOG", "info");
    Process::start(&mut command, &dir.join(format!("{program}.log")))
}

fn keys(dir: &std::path::Path) -> Result<()> {
    let status = Command::new(binaries()?.join("konf"))
        .args(["keys", "--dir"])
        .arg(dir.join("link"))
        .status()?;
    ensure!(status.success(), "konf keys failed");
    let key = dir.join("dkim.pem");
    let status = Command::new("openssl")
        .args([
            "genpkey",
            "-quiet",
            "-algorithm",
            "rsa",
            "-pkeyopt",
            "rsa_keygen_bits:2048",
            "-out",
        ])
        .arg(&key)
        .status()
        .context("openssl; `cargo xtask test` installs it")?;
    ensure!(status.success(), "openssl made no key for DKIM");
    Ok(())
}

fn control_config(
    http: &str,
    metrics: &str,
    link_port: u16,
    seats: u32,
    sms: &str,
    smtp_port: u16,
) -> String {
    let (secret, manifest) = (gateway::SECRET, root().join("spin.toml"));
    format!(
        r#"
manifest = {manifest:?}
state_dir = "."
http_listen = "{http}"
metrics_listen = "{metrics}"
ledger_token = "{TOKEN}"
operator_token = "{TOKEN}"
[variables]
sms_secrets = "{secret}"
twilio_auth_token = "{TOKEN}"
postmark_auth = "postmark:{TOKEN}"
web_url = "http://{http}"
[api]
private_webhooks = true
requests_per_minute = 100000
[link]
listen = "127.0.0.1:{link_port}"
ca = "link/ca.pem"
cert = "link/control.pem"
key = "link/control.key"
[[edge]]
name = "edge-1"
seats = {seats}
{sms}
from = "+420720002233"
[mail]
host = "127.0.0.1"
port = {smtp_port}
tls = "none"
from = "Konf <konf@konf.example>"
"#
    )
}

fn inbound(mail_port: u16) -> String {
    format!(
        r#"
[mail.inbound]
listen = "127.0.0.1:{mail_port}"
address = "{ORDER_ADDRESS}"
tls_cert = "link/control.pem"
tls_key = "link/control.key"
authserv_id = "{AUTHSERV_ID}"
relays = ["127.0.0.1"]
[mail.dkim]
selector = "{DKIM_SELECTOR}"
key = "dkim.pem"
"#
    )
}

fn edge_config(sip_port: u16, sip_tls_port: u16, link_port: u16, media: u16) -> String {
    format!(
        r#"
name = "edge-1"
capacity = 50
state_dir = "edge"
sip_listen = "127.0.0.1:{sip_port}"
sip_tls_listen = "127.0.0.1:{sip_tls_port}"
sip_tls_cert = "link/edge-1.pem"
sip_tls_key = "link/edge-1.key"
media_address = "127.0.0.1"
media_ports = [{media}, {}]
control_address = "127.0.0.1:{link_port}"
link_ca = "link/ca.pem"
link_cert = "link/edge-1.pem"
link_key = "link/edge-1.key"
[[trunk]]
name = "o2"
address = "{TRUNK_ADDRESS}"
network = "o2-mobile"
mobile = true
"#,
        media + 60,
    )
}
