//! A real SMTP server that is not ours: aiosmtpd, in the virtual environment that `cargo xtask test` makes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, net};

use anyhow::{Result, ensure};

use crate::process::{Process, binaries, free_ports};
use crate::wait_for;

pub struct SmtpServer {
    _process: Process,
    pub port: u16,
    maildir: PathBuf,
}

impl SmtpServer {
    pub fn start(dir: &Path) -> Result<SmtpServer> {
        let python = binaries()?.join("../venv/bin/python");
        ensure!(
            python.exists(),
            "no SMTP server for the tests: run `cargo xtask test`, which installs it"
        );
        let (port, maildir) = (free_ports(0), dir.join("mail"));
        let mut command = Command::new(python);
        command.args(["-m", "aiosmtpd", "-n", "-l"]).arg(format!("127.0.0.1:{port}"));
        command.args(["-c", "aiosmtpd.handlers.Mailbox"]).arg(&maildir);
        let process = Process::start(&mut command, &dir.join("smtp.log"))?;
        wait_for("the SMTP server", Duration::from_secs(15), || {
            net::TcpStream::connect(("127.0.0.1", port)).ok()
        })?;
        Ok(SmtpServer { _process: process, port, maildir })
    }

    /// Whole messages as they came, in no order.
    pub fn messages(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.maildir.join("new")) else { return Vec::new() };
        entries.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok()).collect()
    }

    pub fn wait(&self) -> Result<String> {
        wait_for("an e-mail", Duration::from_secs(15), || self.messages().into_iter().next())
    }
}
