//! Programs that end with the value that started them.

use std::fs::File;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A running program whose output goes to a file.
pub struct Process {
    child: Child,
    pub log: PathBuf,
}

impl Process {
    /// Standard input stays open and silent; standard output and error go to `log`.
    pub fn start(command: &mut Command, log: &Path) -> Result<Process> {
        let file = File::options().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| {
                format!(
                    "cannot start {:?}; `cargo xtask test` installs what is missing",
                    command.get_program()
                )
            })?;
        Ok(Process { child, log: log.to_owned() })
    }

    /// SIGKILL, as a crash.
    pub fn crash(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and the program's own end.
    pub fn end(&mut self) -> Result<ExitStatus> {
        if self.child.try_wait()?.is_none() {
            kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        }
        Ok(self.child.wait()?)
    }

    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    pub fn wait(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait()?)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `target/debug`, where the binaries and this test lie.
pub fn binaries() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    Ok(test.ancestors().nth(2).context("a test lies in target/debug/deps")?.to_owned())
}

/// The project's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A port, and the `span` ones after it, that were free for UDP and TCP just now and that no other caller of this
/// process gets. Below the range from which the system gives ports to clients.
pub fn free_ports(span: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test processes that run at the same time begin at different places.
    let start = 11_000 + (std::process::id() % 90) as u16 * 200;
    loop {
        let port = start + NEXT.fetch_add(span + 1, Ordering::Relaxed) % 12_000;
        let free = |port| {
            TcpListener::bind(("127.0.0.1", port)).is_ok()
                && UdpSocket::bind(("127.0.0.1", port)).is_ok()
        };
        if (port..=port + span).all(free) {
            return port;
        }
    }
}
