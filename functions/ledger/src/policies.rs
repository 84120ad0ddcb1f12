//! Policies that were pushed, and which of them decides.
//!
//! In each world at most one policy is active, one a canary and one a shadow (unique indices). Where none is active the
//! default decides, with which this Konf was installed. Versions rise: what has been replaced comes back only by
//! [`Ledger::roll_back`].

mod rows;

use konf_contract::UnixMs;
use rows::{Of, audit, clear, find, keep, line, restore, set_state, share, standing, word};
use serde::{Deserialize, Serialize};

use crate::Ledger;
use crate::error::Result;
use crate::listing::lines;
use crate::words::{Columns, small};

/// A policy to store; its component and signature have been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPolicy {
    pub world: String,
    pub version: u32,
    /// `sha256:` and 64 digits.
    pub digest: String,
    pub component: Vec<u8>,
    /// JSON, as it was signed.
    pub manifest: String,
    /// Base64, and the name of the key.
    pub signature: Option<(String, String)>,
    pub by: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    Stored,
    /// The same component under the same version was pushed before.
    Repeated,
    /// A version that is not above the newest of its world.
    NotRising {
        newest: u32,
    },
    /// The same component is there under another version.
    Known {
        version: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyState {
    /// Checked and stored; decides nothing.
    Pushed,
    /// Asked beside the active one; its answers are only compared.
    Shadow,
    /// Decides for a share of the conferences.
    Canary,
    Active,
    /// Was active until another took its place.
    Retired,
    /// Was rolled back.
    Rejected,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyLine {
    pub world: String,
    pub version: u32,
    pub digest: String,
    pub state: PolicyState,
    /// Of a canary: conferences in a hundred.
    pub percent: u32,
    /// Of a canary: decisions in a hundred that may differ from the active policy's before it is rolled back.
    pub differences_max: Option<u32>,
    pub size_bytes: u32,
    /// The name of the key that signed it.
    pub signer: Option<String>,
    pub pushed: UnixMs,
    pub pushed_by: String,
    pub changed: UnixMs,
    /// Why it is in its state, where somebody or something said so.
    pub note: String,
}

/// What an operator, or Konf itself, does with a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyMove {
    Activate,
    Shadow,
    Canary {
        percent: u32,
        differences_max: Option<u32>,
    },
    /// A shadow or canary that is no longer one.
    Withdraw,
    Reject,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moving {
    Done,
    NoSuchPolicy,
    /// It would go back behind the active version.
    Downgrade {
        active: u32,
    },
    /// Nothing to withdraw, or it decides already.
    Pointless(PolicyState),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyChange {
    pub at: UnixMs,
    pub world: String,
    pub version: u32,
    pub digest: String,
    /// Such as `pushed`, `activate`, `reject`.
    pub change: String,
    pub note: String,
    pub by: String,
}

impl Ledger {
    /// Stores a policy, if its version is above all others of its world.
    pub async fn push_policy(&self, new: &NewPolicy) -> Result<Pushed> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let known =
            sqlx::query_scalar("SELECT version FROM policy WHERE world = $1 AND digest = $2")
                .bind(&new.world)
                .bind(&new.digest)
                .fetch_optional(&mut *tx)
                .await?;
        match known.map(|version: i64| small(version, "version")).transpose()? {
            Some(version) if version == new.version => return Ok(Pushed::Repeated),
            Some(version) => return Ok(Pushed::Known { version }),
            None => {}
        }
        let newest: Option<i64> =
            sqlx::query_scalar("SELECT max(version) FROM policy WHERE world = $1")
                .bind(&new.world)
                .fetch_one(&mut *tx)
                .await?;
        if let Some(newest) = newest.filter(|newest| *newest >= i64::from(new.version)) {
            return Ok(Pushed::NotRising { newest: small(newest, "version")? });
        }
        keep(&mut tx, now, &new.digest, &new.component).await?;
        let (signature, signer) = new.signature.clone().unzip();
        sqlx::query(
            "INSERT INTO policy (world, version, digest, manifest, signature, signer, state,
                 pushed_ms, pushed_by, changed_ms, note)
             VALUES ($1, $2, $3, $4, $5, $6, 'pushed', $7, $8, $7, '')",
        )
        .bind(&new.world)
        .bind(i64::from(new.version))
        .bind(&new.digest)
        .bind(&new.manifest)
        .bind(signature)
        .bind(signer)
        .bind(now.0)
        .bind(&new.by)
        .execute(&mut *tx)
        .await?;
        let of = Of { world: &new.world, version: new.version, digest: &new.digest };
        audit(&mut tx, now, of, "pushed", "", &new.by).await?;
        tx.commit().await?;
        Ok(Pushed::Stored)
    }

    /// Keeps a component that was not pushed: a default of this Konf.
    pub async fn keep_component(&self, digest: &str, component: &[u8]) -> Result<()> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        keep(&mut tx, now, digest, component).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A component by its digest.
    pub async fn component(&self, digest: &str) -> Result<Option<Vec<u8>>> {
        let mut tx = self.store().read().await?;
        let bytes = sqlx::query_scalar("SELECT bytes FROM policy_component WHERE digest = $1")
            .bind(digest)
            .fetch_optional(&mut *tx)
            .await?;
        Ok(bytes)
    }

    /// All policies of all worlds, the newest of each first.
    pub async fn policies(&self) -> Result<Vec<PolicyLine>> {
        let mut tx = self.store().read().await?;
        let rows = sqlx::query(
            "SELECT p.world, p.version, p.digest, p.state, p.percent, p.differences_max, p.signer,
                 p.pushed_ms, p.pushed_by, p.changed_ms, p.note, length(c.bytes) AS size_bytes
             FROM policy p JOIN policy_component c ON c.digest = p.digest
             ORDER BY p.world, p.version DESC LIMIT 1000",
        )
        .fetch_all(&mut *tx)
        .await?;
        rows.iter().map(line).collect()
    }

    /// The manifest of a policy, as it was pushed.
    pub async fn policy_manifest(&self, world: &str, version: u32) -> Result<Option<String>> {
        let mut tx = self.store().read().await?;
        let manifest =
            sqlx::query_scalar("SELECT manifest FROM policy WHERE world = $1 AND version = $2")
                .bind(world)
                .bind(i64::from(version))
                .fetch_optional(&mut *tx)
                .await?;
        Ok(manifest)
    }

    /// Moves a policy into another state, and out of its way what stands there.
    pub async fn move_policy(
        &self,
        world: &str,
        version: u32,
        to: PolicyMove,
        note: &str,
        by: &str,
    ) -> Result<Moving> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        let Some(policy) = find(&mut tx, world, version).await? else {
            return Ok(Moving::NoSuchPolicy);
        };
        let of = Of { world, version, digest: &policy.digest };
        let state = match to {
            PolicyMove::Activate if policy.state == PolicyState::Active => {
                return Ok(Moving::Pointless(policy.state));
            }
            PolicyMove::Activate => {
                if let Some(active) = standing(&mut tx, world, "active").await? {
                    if active.version > version {
                        return Ok(Moving::Downgrade { active: active.version });
                    }
                    set_state(&mut tx, now, active.of(world), "retired", "").await?;
                }
                "active"
            }
            // What decides stays where it is until something else does.
            _ if policy.state == PolicyState::Active && to != PolicyMove::Reject => {
                return Ok(Moving::Pointless(policy.state));
            }
            PolicyMove::Shadow => {
                clear(&mut tx, now, world, "shadow").await?;
                "shadow"
            }
            PolicyMove::Canary { .. } => {
                clear(&mut tx, now, world, "canary").await?;
                "canary"
            }
            PolicyMove::Withdraw => match policy.state {
                PolicyState::Shadow | PolicyState::Canary => "pushed",
                other => return Ok(Moving::Pointless(other)),
            },
            PolicyMove::Reject if policy.state == PolicyState::Rejected => {
                return Ok(Moving::Pointless(policy.state));
            }
            PolicyMove::Reject => "rejected",
        };
        set_state(&mut tx, now, of, state, note).await?;
        if let PolicyMove::Canary { percent, differences_max } = to {
            share(&mut tx, of, percent, differences_max).await?;
        }
        audit(&mut tx, now, of, word(to), note, by).await?;
        if to == PolicyMove::Reject && policy.state == PolicyState::Active {
            restore(&mut tx, now, world, by).await?;
        }
        tx.commit().await?;
        Ok(Moving::Done)
    }

    /// Rejects the active policy of a world and gives its place to the last good one: the latest that was active and was
    /// not rejected, else the default. Says which was rejected; nothing when the default decides already.
    pub async fn roll_back(&self, world: &str, note: &str, by: &str) -> Result<Option<u32>> {
        let mut tx = self.store().read().await?;
        let active = standing(&mut tx, world, "active").await?;
        drop(tx);
        let Some(active) = active else { return Ok(None) };
        let moved = self.move_policy(world, active.version, PolicyMove::Reject, note, by).await?;
        Ok((moved == Moving::Done).then_some(active.version))
    }

    /// What was done to the policies, the latest first.
    pub async fn policy_audit(&self, limit: u32) -> Result<Vec<PolicyChange>> {
        let mut tx = self.store().read().await?;
        let rows = sqlx::query(
            "SELECT at_ms, world, version, digest, change, note, by_whom FROM policy_audit
             ORDER BY seq DESC LIMIT $1",
        )
        .bind(lines(limit))
        .fetch_all(&mut *tx)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(PolicyChange {
                    at: row.instant("at_ms")?,
                    world: row.text("world")?,
                    version: row.count("version")?,
                    digest: row.text("digest")?,
                    change: row.text("change")?,
                    note: row.text("note")?,
                    by: row.text("by_whom")?,
                })
            })
            .collect()
    }
}
