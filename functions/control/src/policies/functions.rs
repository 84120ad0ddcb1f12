//! Functions are swapped as policies are: `/operator/v1/functions…`.
//!
//! | call | answer |
//! |---|---|
//! | `GET functions` | a line for each: what stands there, what it works on, what is leaving |
//! | `POST functions/push` a [`Package`] for `function/NAME` | its digest; requests from now on go to it |
//! | `POST functions/rollback` `{"name", "note"}` | the version that was taken back |
//!
//! The ledger keeps them as it keeps policies, under the world `function/NAME`, so that they stay over a restart.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use http::Method;
use konf_ledger::{Moving, PolicyLine, PolicyMove, PolicyState};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Policies;
use super::desk::Refusal;
use super::package::Package;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RollbackBody {
    name: String,
    #[serde(default)]
    note: String,
}

/// The world of a function in the ledger and in manifests.
pub fn world(name: &str) -> String {
    format!("function/{name}")
}

impl Policies {
    /// Makes the functions what the ledger says.
    pub(super) async fn load_functions(
        &self,
        policies: &[PolicyLine],
        faults: &mut BTreeMap<(String, String), String>,
    ) -> Result<()> {
        for component in self.host.components() {
            let (world, name) = (world(&component.name), component.name);
            let active =
                policies.iter().find(|p| p.world == world && p.state == PolicyState::Active);
            let loaded = component.digest.to_string();
            match active {
                Some(active) if active.digest == loaded => {}
                Some(active) => {
                    if let Err(why) = self.swap_function(&name, &active.digest).await? {
                        let digest = &active.digest;
                        tracing::error!(
                            component = name,
                            digest,
                            why,
                            "a function cannot be loaded, the other stays"
                        );
                        faults.insert((world, active.digest.clone()), why);
                    }
                }
                None if component.digest == component.default => {}
                None => drop(self.host.restore_function(&name)?),
            }
        }
        Ok(())
    }

    async fn swap_function(&self, name: &str, digest: &str) -> Result<Result<(), String>> {
        let Some(component) = self.ledger.component(digest).await? else {
            return Ok(Err("the ledger does not have it".to_owned()));
        };
        let (host, name) = (self.host.clone(), name.to_owned());
        let swapping = move || host.swap_function(&name, &component);
        let swapped = tokio::task::spawn_blocking(swapping).await?;
        Ok(swapped.map(drop).map_err(|error| error.to_string()))
    }

    /// Answers `what` (after `functions/`; empty for the list); nothing when there is no such call.
    pub async fn answer_functions(
        &self,
        method: &Method,
        what: &str,
        body: &[u8],
        by: &str,
    ) -> Result<Option<Value>> {
        Ok(Some(match (method, what) {
            (&Method::GET, "") => self.function_lines().await?,
            (&Method::POST, "push") => {
                self.push_function(&serde_json::from_slice(body)?, by).await?
            }
            (&Method::POST, "rollback") => {
                let RollbackBody { name, note } = serde_json::from_slice(body)?;
                let version = self.ledger.roll_back(&world(&name), note.trim(), by).await?;
                let version = version.ok_or_else(|| Refusal::OnlyDefault(world(&name)))?;
                tracing::info!(
                    component = name,
                    version,
                    "a function was rolled back by an operator"
                );
                self.load().await?;
                json!({ "version": version })
            }
            _ => return Ok(None),
        }))
    }

    async fn function_lines(&self) -> Result<Value> {
        let policies = self.ledger.policies().await?;
        let line = |component: konf_host::ComponentInfo| {
            let (world, digest) = (world(&component.name), component.digest.to_string());
            let pushed = policies.iter().find(|p| p.world == world && p.digest == digest);
            let leaving = component.leaving.iter().map(|(digest, in_flight)| {
                json!({ "digest": digest.to_string(), "in_flight": in_flight })
            });
            json!({
                "name": component.name, "digest": digest, "default": component.default.to_string(),
                "version": pushed.map_or(0, |p| p.version), "signer": pushed.and_then(|p| p.signer.clone()),
                "routes": component.routes, "in_flight": component.in_flight,
                "leaving": leaving.collect::<Vec<_>>(),
            })
        };
        Ok(self.host.components().into_iter().map(line).collect())
    }

    async fn push_function(&self, package: &Package, by: &str) -> Result<Value> {
        let opened = package.open(self.trust()).map_err(Refusal::Package)?;
        let (world, version) = (opened.manifest.world.clone(), opened.manifest.version);
        let name = world.strip_prefix("function/").unwrap_or_default().to_owned();
        ensure!(!name.is_empty(), Refusal::NoWorld(world));
        let (host, component) = (self.host.clone(), opened.component.clone());
        let checking = move || host.check_function(&name, &component);
        let digest =
            tokio::task::spawn_blocking(checking).await?.map_err(Refusal::Unfit)?.to_string();
        self.store(opened, package.manifest.clone(), by).await?;
        match self.ledger.move_policy(&world, version, PolicyMove::Activate, "", by).await? {
            Moving::Done | Moving::Pointless(_) => {}
            Moving::NoSuchPolicy => return Err(Refusal::NoPolicy { world, version }.into()),
            Moving::Downgrade { active } => return Err(Refusal::Downgrade { world, active }.into()),
        }
        self.load().await?;
        Ok(json!({ "world": world, "version": version, "digest": digest }))
    }
}
