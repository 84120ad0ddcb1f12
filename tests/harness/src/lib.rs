//! What the end-to-end tests play with: a Konf of their own, real phones, gateways and mail servers.
//!
//! Everything listens on loopback, on ports of its own, in a folder of its own; what was started is ended when its
//! value is dropped. A test that fails prints where the logs lie.

pub mod api;
pub mod baresip;
pub mod desk;
pub mod gateway;
pub mod konf;
pub mod process;
pub mod sipp;
pub mod smsc;
pub mod smtp;
pub mod sound;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Tries again and again until `check` gives something, or says what was waited for.
pub fn wait_for<T>(
    what: &str,
    patience: Duration,
    mut check: impl FnMut() -> Option<T>,
) -> Result<T> {
    let deadline = now() + patience;
    loop {
        if let Some(found) = check() {
            return Ok(found);
        }
        if now() > deadline {
            bail!("waited {} s in vain for {what}", patience.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn now() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "the harness is a shell: real programs run in real time"
    )]
    Instant::now()
}
