//! A carrier's SMSC: tests/e2e/smsc, which speaks SMPP by other people's code.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::root;
use crate::wait_for;

pub const SYSTEM_ID: &str = "konf";
/// SMPP 3.4 allows eight characters.
pub const PASSWORD: &str = "tests-ok";

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Smsc {
    child: Child,
    commands: ChildStdin,
    said: Arc<Mutex<Vec<Value>>>,
    pub port: u16,
    pub certificate: PathBuf,
    _keys: TempDir,
}

impl Smsc {
    /// By TLS, with a certificate that it vouches for itself.
    pub fn start() -> Result<Smsc> {
        let keys = tempfile::tempdir()?;
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        let [certificate, key] = ["smsc.pem", "smsc.key"].map(|name| keys.path().join(name));
        std::fs::write(&certificate, made.cert.pem())?;
        std::fs::write(&key, made.signing_key.serialize_pem())?;
        let folder = root().join("tests/e2e/smsc");
        ensure!(
            folder.join("node_modules").is_dir(),
            "{} is not installed: run `cargo xtask test`, which installs it",
            folder.display()
        );
        let mut child = Command::new("node")
            .args(["smsc.mjs", SYSTEM_ID, PASSWORD])
            .args([&certificate, &key])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node is needed")?;
        let commands = child.stdin.take().context("node's standard input")?;
        let lines = BufReader::new(child.stdout.take().context("node's standard output")?).lines();
        let said = Arc::<Mutex<Vec<Value>>>::default();
        let list = said.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(std::result::Result::ok) {
                if let Ok(line) = serde_json::from_str(&line) {
                    list.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            }
        });
        let mut smsc = Smsc { child, commands, said, port: 0, certificate, _keys: keys };
        smsc.port = smsc.wait("its port", |line| line["port"].as_u64())? as u16;
        Ok(smsc)
    }

    /// All of what it has said in which `pick` finds something.
    pub fn all<T>(&self, pick: impl FnMut(&Value) -> Option<T>) -> Vec<T> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(pick).collect()
    }

    /// The last of it, once there is one.
    pub fn wait<T>(&self, what: &str, mut pick: impl FnMut(&Value) -> Option<T>) -> Result<T> {
        wait_for(&format!("{what} of the SMSC"), PATIENCE, || self.all(&mut pick).pop())
    }

    /// Texts that Konf has sent to `number`.
    pub fn submitted(&self, number: &str) -> Vec<String> {
        self.all(|line| {
            let submit = &line["submit"];
            let is_to_it = submit["to"].as_str()?.trim_start_matches('+') == &number[1..];
            is_to_it.then(|| submit["text"].as_str().unwrap_or_default().to_owned())
        })
    }

    /// How often Konf has bound.
    pub fn bound(&self) -> usize {
        self.all(|line| line["bound"].as_str().map(drop)).len()
    }

    /// A telephone sends an SMS, in so many parts; waits until Konf has acknowledged all of them, and returns how.
    pub fn deliver(&mut self, of: u8, from: &str, text: &str, parts: usize) -> Result<Vec<u64>> {
        let message = json!({
            "of": of, "from": &from[1..], "to": "420720002233", "text": text, "parts": parts,
        });
        self.command(&json!({ "deliver": message }))?;
        wait_for("Konf to acknowledge an SMS", PATIENCE, || {
            let answers = self
                .all(|line| (line["of"] == of).then(|| line["acknowledged"].as_u64()).flatten());
            (answers.len() >= parts).then_some(answers)
        })
    }

    /// So many of the next messages out are refused: too many at once.
    pub fn throttle(&mut self, count: u32) -> Result<()> {
        self.command(&json!({ "throttle": count }))
    }

    pub fn hang_up(&mut self) -> Result<()> {
        self.command(&json!({ "hang_up": true }))
    }

    fn command(&mut self, command: &Value) -> Result<()> {
        writeln!(self.commands, "{command}").context("the SMSC has ended")
    }
}

impl Drop for Smsc {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
