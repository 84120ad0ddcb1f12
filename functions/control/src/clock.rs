//! The one place of control that reads the wall clock.

use konf_contract::UnixMs;

pub fn now() -> UnixMs {
    #[expect(
        clippy::disallowed_methods,
        reason = "control is a shell: everything below gets time as an argument"
    )]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UnixMs(since.as_millis() as i64)
}
