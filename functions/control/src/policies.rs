//! The policies that were pushed: kept in the ledger, at work in the host's slots.
//!
//! The ledger says which policy of a world is active, canary and shadow; [`Policies::load`] makes the slots so, and may be
//! called at any time. Where a policy can't be loaded the last good one decides, else the default. [`Policies::judge`]
//! rolls back what fails: the slots have answered every such call by another policy already.

mod desk;
mod explain;
mod functions;
pub mod log;
pub mod package;
pub mod project;
mod replay;
pub mod sense;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Result;
use konf_host::{Digest, Host, SlotInfo, Standing, world_of};
use konf_ledger::{Ledger, PolicyLine, PolicyMove, PolicyState};
use tokio::sync::Mutex;

pub use desk::Refusal;
pub use functions::world as world_of_function;
use package::Trust;

/// Who acts where no operator does, for the audit.
const KONF: &str = "konf";

/// A policy is pure: one failure may be one odd question, three are the policy. Nobody is harmed by them, since another
/// policy answers the same.
const FAILURES_MAX: u64 = 3;

// What the host does not ask any more gathers no more failures.
const _: () = assert!(FAILURES_MAX <= konf_host::FAILURES_IN_A_ROW_MAX as u64);

/// Fewer comparisons say nothing about a share.
const COMPARED_MIN: u64 = 20;

pub struct Policies {
    host: Arc<Host>,
    ledger: Ledger,
    trust: Trust,
    /// Held while the slots are changed; what of the ledger's policies could not be loaded, and why.
    loading: Mutex<BTreeMap<(String, String), String>>,
}

impl Policies {
    pub fn new(host: Arc<Host>, ledger: Ledger, trust: Trust) -> Policies {
        Policies { host, ledger, trust, loading: Mutex::default() }
    }

    fn trust(&self) -> &Trust {
        &self.trust
    }

    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// At the start of control: remembers the defaults, so that what they decide can be asked again after an upgrade, and
    /// fills the slots.
    pub async fn start(&self) -> Result<()> {
        for slot in self.host.slots() {
            let (digest, component) = self.host.default_policy(&slot.interface)?;
            self.ledger.keep_component(&digest.to_string(), &component).await?;
        }
        if self.trust.unsigned {
            tracing::warn!("policies are taken that nobody signed ([policies] unsigned = true)");
        }
        self.load().await
    }

    /// Makes the slots what the ledger says. Idempotent.
    pub async fn load(&self) -> Result<()> {
        let mut faults = self.loading.lock().await;
        faults.clear();
        let policies = self.ledger.policies().await?;
        let pinned = self.ledger.pinned_digests().await?;
        for slot in self.host.slots() {
            let Some(world) = world_of(&slot.interface) else { continue };
            let of_world: Vec<_> = policies.iter().filter(|p| p.world == world.name).collect();
            let rejected = |digest: &str| {
                of_world.iter().any(|p| p.digest == digest && p.state == PolicyState::Rejected)
            };
            let pins = pinned
                .iter()
                .filter(|(interface, digest)| *interface == slot.interface && !rejected(digest));
            let pins: BTreeSet<&str> = pins.map(|(_, digest)| digest.as_str()).collect();
            self.fill(&slot, &of_world, &pins, &mut faults).await?;
        }
        self.load_functions(&policies, &mut faults).await
    }

    async fn fill(
        &self,
        slot: &SlotInfo,
        policies: &[&PolicyLine],
        pins: &BTreeSet<&str>,
        faults: &mut BTreeMap<(String, String), String>,
    ) -> Result<()> {
        let mut standing = Standing::default();
        let retired = policies.iter().filter(|p| p.state == PolicyState::Retired);
        if let Some(last) = retired.max_by_key(|p| (p.changed, p.version)) {
            standing.last_good = self.prepare(slot, &last.digest, faults).await?;
        }
        for policy in policies {
            let digest = match policy.state {
                PolicyState::Active | PolicyState::Canary | PolicyState::Shadow => {
                    self.prepare(slot, &policy.digest, faults).await?
                }
                _ => continue,
            };
            match policy.state {
                PolicyState::Active => standing.active = digest.or(standing.last_good),
                PolicyState::Canary => standing.canary = digest.map(|d| (d, policy.percent)),
                _ => standing.shadow = digest,
            }
        }
        for pinned in pins {
            standing.keep.extend(self.prepare(slot, pinned, faults).await?);
        }
        Ok(self.host.stand(&slot.interface, &standing)?)
    }

    /// Compiles a policy for its slot. None, and the reason noted, where it does not load.
    async fn prepare(
        &self,
        slot: &SlotInfo,
        digest: &str,
        faults: &mut BTreeMap<(String, String), String>,
    ) -> Result<Option<Digest>> {
        if let Some(loaded) = slot.policies.iter().find(|p| p.digest.to_string() == digest) {
            return Ok(Some(loaded.digest));
        }
        let prepared = match self.ledger.component(digest).await? {
            None => Err("the ledger does not have it".to_owned()),
            Some(component) => {
                let (host, interface) = (self.host.clone(), slot.interface.clone());
                let compiling = move || host.prepare(&interface, &component);
                tokio::task::spawn_blocking(compiling).await?.map_err(|error| error.to_string())
            }
        };
        match prepared {
            Ok(digest) => Ok(Some(digest)),
            Err(why) => {
                tracing::error!(
                    interface = slot.interface,
                    digest,
                    why,
                    "a policy cannot be loaded, another decides"
                );
                faults.insert((slot.interface.clone(), digest.to_owned()), why);
                Ok(None)
            }
        }
    }

    /// Rolls back what fails, and canaries that differ too much from the active policy. Whether something was.
    pub async fn judge(&self) -> Result<bool> {
        let mut rolled_back = false;
        for slot in self.host.slots() {
            let Some(world) = world_of(&slot.interface) else { continue };
            for policy in slot.policies.iter().filter(|p| p.digest != slot.default) {
                let counted = policy.counted;
                if counted.failures < FAILURES_MAX && counted.different == 0 {
                    continue;
                }
                let digest = policy.digest.to_string();
                let policies = self.ledger.policies().await?;
                let line = policies.iter().find(|p| p.world == world.name && p.digest == digest);
                let Some(line) = line else { continue };
                let Some(why) = verdict(line, &counted) else { continue };
                tracing::error!(
                    world = world.name,
                    version = line.version,
                    digest,
                    why,
                    "a policy is rolled back"
                );
                self.ledger
                    .move_policy(&world.name, line.version, PolicyMove::Reject, &why, KONF)
                    .await?;
                rolled_back = true;
            }
        }
        if rolled_back {
            self.load().await?;
        }
        Ok(rolled_back)
    }
}

/// Why a policy is to be rolled back, if it is.
fn verdict(line: &PolicyLine, counted: &konf_host::Counted) -> Option<String> {
    if line.state == PolicyState::Rejected {
        return None;
    }
    let konf_host::Counted { calls, failures, compared, different, .. } = *counted;
    if failures >= FAILURES_MAX {
        return Some(format!("it failed in {failures} of {calls} calls"));
    }
    let most = line.differences_max.filter(|_| line.state == PolicyState::Canary)?;
    let too_many = compared >= COMPARED_MIN && different * 100 > u64::from(most) * compared;
    too_many.then(|| {
        format!(
            "it differed from the active one in {different} of {compared} calls, more than {most} %"
        )
    })
}

#[cfg(test)]
mod tests;
