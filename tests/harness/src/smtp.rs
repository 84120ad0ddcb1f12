//! Mail servers and mail programs that are not ours: aiosmtpd, in the virtual environment that `cargo xtask test` makes,
//! and Python's smtplib.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, net};

use anyhow::{Context, Result, ensure};

use crate::process::{Process, binaries, free_ports, root};
use crate::wait_for;

pub struct SmtpServer {
    _process: Process,
    pub port: u16,
    folder: PathBuf,
}

impl SmtpServer {
    pub fn start(dir: &Path) -> Result<SmtpServer> {
        let (port, folder) = (free_ports(0), dir.join("mail"));
        let mut command = Command::new(python()?);
        command.env("PYTHONPATH", scripts());
        command.args(["-m", "aiosmtpd", "-n", "-l"]).arg(format!("127.0.0.1:{port}"));
        command.args(["-c", "keep_raw.KeepRaw"]).arg(&folder);
        let process = Process::start(&mut command, &dir.join("smtp.log"))?;
        wait_for("the SMTP server", Duration::from_secs(15), || {
            net::TcpStream::connect(("127.0.0.1", port)).ok()
        })?;
        Ok(SmtpServer { _process: process, port, folder })
    }

    /// Whole messages as they came, octet by octet, in the order of their coming.
    pub fn messages(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut paths: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|end| end == "eml"));
        paths.sort();
        paths.iter().filter_map(|path| fs::read_to_string(path).ok()).collect()
    }

    pub fn wait(&self) -> Result<String> {
        self.wait_for(1).map(|mut messages| messages.remove(0))
    }

    /// So many messages, as soon as there are.
    pub fn wait_for(&self, count: usize) -> Result<Vec<String>> {
        wait_for("e-mails", Duration::from_secs(15), || {
            Some(self.messages()).filter(|messages| messages.len() >= count)
        })
        .with_context(|| format!("{count} are expected; these came: {:#?}", self.messages()))
    }
}

/// Sends a message as a mail program does; what the server said: `taken`, or its refusal.
pub struct MailProgram {
    pub port: u16,
    pub lmtp: bool,
    pub tls: bool,
}

impl MailProgram {
    pub fn send(&self, from: &str, to: &str, message: &str) -> Result<String> {
        let port = self.port.to_string();
        let protocol = if self.lmtp { "lmtp" } else { "smtp" };
        let tls = if self.tls { "tls" } else { "plain" };
        python_says("send_mail.py", &[&port, protocol, tls, from, to], message)
    }
}

/// Whether dkimpy finds the signature of `message` right, when the DNS has `record` at `name`.
pub fn is_signed(message: &str, name: &str, record: &str) -> Result<bool> {
    Ok(python_says("verify_dkim.py", &[name, record], message)? == "right")
}

fn python_says(script: &str, arguments: &[&str], input: &str) -> Result<String> {
    let mut child = Command::new(python()?)
        .arg(scripts().join(script))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("no input")?;
    stdin.write_all(input.as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{script} failed; `cargo xtask test` installs what it needs");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn scripts() -> PathBuf {
    root().join("tests/harness/python")
}

fn python() -> Result<PathBuf> {
    let python = binaries()?.join("../venv/bin/python");
    ensure!(
        python.exists(),
        "no SMTP server for the tests: run `cargo xtask test`, which installs it"
    );
    Ok(python)
}
