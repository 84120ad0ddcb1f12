//! How often somebody may try a password: per account and address, and per address.
//!
//! An account has no limit of its own over all addresses: it would let a stranger lock its owner out. At 20 tries in 15
//! minutes an address has 2,000 in a day, and nobody guesses twelve characters in those.

use std::collections::BTreeMap;
use std::net::IpAddr;

use konf_contract::UnixMs;

/// Slips of the finger.
const OF_ACCOUNT_MAX: u32 = 5;
/// Of a whole office behind one address.
const OF_ADDRESS_MAX: u32 = 20;
const WINDOW_MS: i64 = 15 * UnixMs::MINUTE;
/// Of 100 bytes each. Beyond it nobody new may try for a while: what was counted is not forgotten for a flood.
const KEYS_MAX: usize = 20_000;

type Key = (Option<IpAddr>, Option<String>);

/// From when on, and how many since.
#[derive(Default)]
pub(super) struct Tries(BTreeMap<Key, (UnixMs, u32)>);

impl Tries {
    /// Counts a try; or the minutes until the next may be made.
    pub(super) fn take(
        &mut self,
        name: &str,
        from: Option<IpAddr>,
        now: UnixMs,
    ) -> Result<(), i64> {
        if self.0.len() >= KEYS_MAX {
            self.0.retain(|_, (since, _)| now.since(*since) < WINDOW_MS);
        }
        if self.0.len() >= KEYS_MAX {
            return Err(WINDOW_MS / UnixMs::MINUTE);
        }
        let keys = [(account(name, from), OF_ACCOUNT_MAX), ((from, None), OF_ADDRESS_MAX)];
        for (key, most) in &keys {
            if let Some((since, count)) = self.0.get(key)
                && *count >= *most
                && now.since(*since) < WINDOW_MS
            {
                let left = WINDOW_MS - now.since(*since);
                return Err((left + UnixMs::MINUTE - 1) / UnixMs::MINUTE);
            }
        }
        for (key, _) in keys {
            let (since, count) = self.0.entry(key).or_insert((now, 0));
            if now.since(*since) >= WINDOW_MS {
                (*since, *count) = (now, 0);
            }
            *count += 1;
        }
        Ok(())
    }

    /// Whoever got in has made no wrong try.
    pub(super) fn forget(&mut self, name: &str, from: Option<IpAddr>) {
        self.0.remove(&account(name, from));
        if let Some((_, count)) = self.0.get_mut(&(from, None)) {
            *count = count.saturating_sub(1);
        }
    }
}

/// Names are as long as a stranger likes: what tells them apart is enough.
fn account(name: &str, from: Option<IpAddr>) -> Key {
    (from, Some(name.chars().take(40).collect()))
}
