//! `cargo xtask up`: build everything, run it here, end it cleanly.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{root, setup, step, target};

const HTTP: &str = "127.0.0.1:8080";
/// Orders by e-mail.
const SMTP: &str = "127.0.0.1:2526";
const EDGE_METRICS: &str = "127.0.0.1:9478";
const CONTROL_METRICS: &str = "127.0.0.1:9479";
const EDGE: &str = "edge-1";

pub(crate) fn run() -> Result<()> {
    setup::tools(&setup::BUILD_TOOLS)?;
    setup::components()?;
    step("building konf and konf-edge");
    crate::run("cargo", &["build", "--workspace", "--bin", "konf", "--bin", "konf-edge"])?;
    configure()?;
    let stop = signals()?;
    step("starting control and one edge (Ctrl-C ends both)");
    let mut control = start("konf", "konf.toml", &["up"])?;
    let mut edge = start("konf-edge", "edge.toml", &[])?;
    let outcome = until_stopped(&stop, &mut control, &mut edge);
    // The edge goes first, so that its last records still reach control.
    end(&mut edge);
    end(&mut control);
    println!("\nEnded. The data stays in .konf/; `cargo xtask up` goes on with it.");
    outcome
}

fn until_stopped(stop: &Receiver<()>, control: &mut Child, edge: &mut Child) -> Result<()> {
    let mut announced = false;
    loop {
        match stop.recv_timeout(Duration::from_millis(200)) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(status) = control.try_wait()? {
            bail!("konf ended ({status}); its last lines above say why");
        }
        if let Some(status) = edge.try_wait()? {
            bail!("konf-edge ended ({status}); its last lines above say why");
        }
        if !announced && ready() {
            announced = true;
            banner()?;
        }
    }
}

fn signals() -> Result<Receiver<()>> {
    let (sender, receiver) = sync_channel(1);
    ctrlc::set_handler(move || {
        let _ = sender.try_send(());
    })?;
    Ok(receiver)
}

/// In a process group of its own: Ctrl-C reaches only this command, which then ends both in order.
fn start(program: &str, config: &str, arguments: &[&str]) -> Result<Child> {
    Command::new(target().join("debug").join(program))
        .arg("--config")
        .arg(root().join(".konf").join(config))
        .args(arguments)
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {program}"))
}

fn end(child: &mut Child) {
    if let (Ok(None), Ok(pid)) = (child.try_wait(), i32::try_from(child.id())) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        let _ = child.wait();
    }
}

fn ready() -> bool {
    get("/operator/v1/edges").is_ok_and(|edges| edges.contains(EDGE))
}

/// The body of an answer of control.
pub(crate) fn get(path: &str) -> Result<String> {
    let token = setting("operator_token")?;
    let mut stream =
        TcpStream::connect(HTTP).with_context(|| format!("nothing answers on {HTTP}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {HTTP}\r\nAuthorization: Bearer {token}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
    if !head.starts_with("HTTP/1.0 200") && !head.starts_with("HTTP/1.1 200") {
        bail!("{}", head.lines().next().unwrap_or_default());
    }
    Ok(body.to_owned())
}

fn setting(key: &str) -> Result<String> {
    let config: toml::Table = fs::read_to_string(root().join(".konf/konf.toml"))?.parse()?;
    Ok(config[key].as_str().unwrap_or_default().to_owned())
}

/// Writes configurations and keys that are not there yet; what is there is kept.
fn configure() -> Result<()> {
    let dir = root().join(".konf");
    fs::create_dir_all(&dir)?;
    let link = dir.join("link").to_string_lossy().into_owned();
    crate::run(
        &target().join("debug/konf").to_string_lossy(),
        &["keys", "--dir", &link, "--edge", EDGE],
    )?;
    let webhook_secret = random(18)?;
    write_once(&dir.join("konf.toml"), &control_config(&webhook_secret)?)?;
    write_once(&dir.join("edge.toml"), &edge_config())
}

fn control_config(webhook_secret: &str) -> Result<String> {
    Ok(format!(
        r#"# Control on this machine, made by `cargo xtask up`. Change what you like; it is kept.
manifest = "../spin.toml"
state_dir = "."
http_listen = "{HTTP}"
metrics_listen = "{CONTROL_METRICS}"
ledger_token = "{}"
operator_token = "{}"

# Values of the variables in spin.toml; SPIN_VARIABLE_… overrides them.
[variables]
sms_secrets = "whsec_{webhook_secret}"
web_url = "http://{HTTP}"

[link]
listen = "127.0.0.1:7070"
ca = "link/ca.pem"
cert = "link/control.pem"
key = "link/control.key"

# The seats that can be booked.
[[edge]]
name = "{EDGE}"
seats = 400

# Both of these end in the development mailbox, http://{HTTP}/mailbox
[sms]
kind = "generic"
url = "http://{HTTP}/mailbox/sms"
from = "+420720002233"
secret = "whsec_{webhook_secret}"

[mail]
host = "127.0.0.1"
port = 2525
tls = "none"
from = "Konf <konf@konf.example>"

# Orders by e-mail; each is confirmed by a link, which comes to the mailbox too.
[mail.inbound]
listen = "{SMTP}"
address = "orders@konf.example"

# Only on this machine: policies that nobody signed are taken.
[policies]
unsigned = true

[development]
smtp_listen = "127.0.0.1:2525"
"#,
        random(18)?,
        random(18)?,
    ))
}

fn edge_config() -> String {
    format!(
        r#"# One media edge on this machine, made by `cargo xtask up`. Change what you like; it is kept.
name = "{EDGE}"
capacity = 400
state_dir = "edge"
sip_listen = "127.0.0.1:5060"
metrics_listen = "{EDGE_METRICS}"
media_address = "127.0.0.1"
media_ports = [20000, 21999]
control_address = "127.0.0.1:7070"
link_ca = "link/ca.pem"
link_cert = "link/{EDGE}.pem"
link_key = "link/{EDGE}.key"
"#
    )
}

fn write_once(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => Ok(file.write_all(text.as_bytes())?),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
    }
}

/// Random letters and digits of base64, from so many bytes (a multiple of three).
fn random(bytes: usize) -> Result<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut noise = vec![0; bytes * 4 / 3];
    fs::File::open("/dev/urandom")?.read_exact(&mut noise)?;
    Ok(noise.iter().map(|byte| char::from(LETTERS[usize::from(byte % 64)])).collect())
}

fn banner() -> Result<()> {
    let secret = fs::read_to_string(root().join(".konf/konf.toml"))?;
    let secret = secret
        .lines()
        .find_map(|line| line.strip_prefix("sms_secrets = \"whsec_"))
        .unwrap_or_default();
    let secret = secret.trim_end_matches('"');
    println!(
        r#"
  Konf runs.

  Order      http://{HTTP}/               in a browser, or by SMS:
             target/debug/konf --config .konf/konf.toml sms "konf $(TZ=Europe/Prague date -d '+2 minutes' '+%d%m %H%M') 60 10"
  or, as a gateway does, with curl:
             id=msg-$RANDOM; at=$(date +%s); body='{{"from":"+420606123456","to":"+420720002233","text":"konf 0907 1400 60 10"}}'
             key=$(echo {secret} | base64 -d | od -An -tx1 | tr -d ' \n')
             sig=$(printf %s "$id.$at.$body" | openssl dgst -sha256 -mac HMAC -macopt hexkey:$key -binary | base64)
             curl -H "webhook-id: $id" -H "webhook-timestamp: $at" -H "webhook-signature: v1,$sig" -H 'content-type: application/json' -d "$body" http://{HTTP}/sms/generic
  or by e-mail, confirmed by a link in the mailbox:
             printf 'From: you@example.com\nSubject: O2 Konference\n\nkonf 0907 1400 60 10\n' | curl --crlf smtp://{SMTP} --mail-from you@example.com --mail-rcpt orders@konf.example -T -
  Read       http://{HTTP}/mailbox       what Konf sent, SMS and e-mail
  Call       sip:konf@127.0.0.1:5060      any SIP phone; key in the number, #, the PIN, #, say a name, #
  Desk       http://{HTTP}/desk          for operators, after `… konf.toml operator add NAME --role admin`
  Numbers    http://{EDGE_METRICS}/metrics   of the edge, and
             http://{CONTROL_METRICS}/metrics   of control, for Prometheus
  Look       target/debug/konf --config .konf/konf.toml bookings | rooms | outbox | calls | statement NUMBER
"#
    );
    Ok(())
}
