//! How many files the system lets this process open: each call takes a socket, and one more when it comes over TCP.

use anyhow::{Context as _, Result, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Journals, the link, listeners, the runtime's own: about twenty; the rest is room for strangers' connections.
const BESIDES: u64 = 128;

/// What so many calls take.
fn needed(capacity: u32) -> u64 {
    2 * u64::from(capacity) + BESIDES
}

/// Whether the system would let them; says how many it would.
pub(crate) fn check(capacity: u32) -> Result<u64> {
    let (_, hard) =
        getrlimit(Resource::RLIMIT_NOFILE).context("asking for the limit of open files")?;
    enough(capacity, hard)?;
    Ok(hard)
}

fn enough(capacity: u32, hard: u64) -> Result<()> {
    let needed = needed(capacity);
    ensure!(
        hard >= needed,
        "capacity = {capacity} needs {needed} open files, the system allows {hard}: raise LimitNOFILE or lower capacity"
    );
    Ok(())
}

/// Raises the limit that is in force, 1,024 by habit, as far as these calls need.
pub(crate) fn raise(capacity: u32) -> Result<()> {
    let hard = check(capacity)?;
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = soft.max(needed(capacity));
    setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).context("raising the limit of open files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capacity_beyond_what_the_system_allows_is_named_with_the_way_out() {
        assert!(enough(448, 1_024).is_ok());
        let said = enough(449, 1_024).unwrap_err().to_string();
        assert!(said.contains("needs 1026 open files") && said.contains("LimitNOFILE"), "{said}");
    }

    #[test]
    fn the_limit_in_force_is_raised_to_what_is_needed() {
        let (before, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let capacity = 100.min(u32::try_from((hard.saturating_sub(BESIDES)) / 2).unwrap_or(100));
        raise(capacity).unwrap();
        let (after, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert!(after >= needed(capacity) && after >= before);
    }
}
