//! What operators do with policies: `/operator/v1/policies…`, with the operators' token.
//!
//! | call | answer |
//! |---|---|
//! | `GET policies` | a line for each policy, the defaults among them, with how it did since it was loaded |
//! | `GET policies/audit` | who changed what, the latest first |
//! | `GET policies/log?world=&conference=&limit=` | calls of policies, the latest first |
//! | `GET policies/explain?record=` | why a decision is what it is, asked again |
//! | `POST policies/push` a [`Package`] | its digest, and what a replay of the last days says |
//! | `POST policies/replay` `{"world", "version", "days"}` | [`replay::Replayed`] |
//! | `POST policies/activate`, `shadow`, `withdraw`, `reject` `{"world", "version", "note"}` | `{}` |
//! | `POST policies/canary` `{"world", "version", "percent", "differences_max", "note"}` | `{}` |
//! | `POST policies/rollback` `{"world", "note"}` | which version was rolled back |

use anyhow::{Result, ensure};
use http::{Method, StatusCode};
use konf_contract::ConferenceNumber;
use konf_host::{Digest, SwapError, Trial, worlds};
use konf_ledger::{Moving, NewPolicy, PolicyCallFilter, PolicyMove, PolicyState, Pushed};
use serde::Deserialize;
use serde_json::{Value, json};

use super::package::{Opened, Package, PackageError, try_cases};
use super::sense::senseless;
use super::{Policies, replay};

/// As many lines as one reads.
const LINES_MAX: u32 = 500;
/// How far a push looks back.
const REPLAY_DAYS: u32 = 7;
/// As far as the log goes back.
const REPLAY_DAYS_MAX: u32 = 90;
const NOTE_CHARACTERS_MAX: usize = 1_000;
/// The fault of a policy that could be loaded.
const RESTS: &str =
    "it keeps failing: another one is asked in its place, and it is tried every few seconds";

/// Why a request is not done: the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("{0}")]
    Package(#[from] PackageError),
    #[error("it can't stand in its slot: {0}")]
    Unfit(#[from] SwapError),
    #[error("{}", .0.join(" "))]
    Cases(Vec<String>),
    #[error("the manifest is for the world {manifest}, and the component for {component}")]
    OtherWorld { manifest: String, component: String },
    #[error("there is no world {name}: known are {worlds}", name = .0, worlds = known())]
    NoWorld(String),
    #[error("version {version} is not above {newest}, the newest of {world}: versions rise")]
    NotRising { world: String, version: u32, newest: u32 },
    #[error("the same component is there as version {0}")]
    Known(u32),
    #[error("{world} has no version {version}")]
    NoPolicy { world: String, version: u32 },
    #[error(
        "version {active} is active, and versions only rise: go back by `konf policy rollback {world}`"
    )]
    Downgrade { world: String, active: u32 },
    #[error("it is {0:?} already")]
    Pointless(PolicyState),
    #[error("the default decides in {0}: there is nothing to roll back")]
    OnlyDefault(String),
    #[error("percent is {0}: a canary decides for 1 to 99 conferences in a hundred")]
    Percent(u32),
    #[error("differences_max is {0}: give 0 to 100 decisions in a hundred")]
    DifferencesMax(u32),
    #[error("days is {0}: the log goes back {REPLAY_DAYS_MAX} days")]
    Days(u32),
    #[error("a note has at most {NOTE_CHARACTERS_MAX} characters")]
    Note,
    #[error("{0}: the log has no such decision")]
    NoDecision(String),
    #[error("{0:?} is not understood")]
    Query(String),
}

fn known() -> String {
    worlds().keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

impl Refusal {
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::NoPolicy { .. } | Refusal::NoDecision(_) | Refusal::OnlyDefault(_) => {
                StatusCode::NOT_FOUND
            }
            Refusal::NotRising { .. }
            | Refusal::Known(_)
            | Refusal::Downgrade { .. }
            | Refusal::Pointless(_) => StatusCode::CONFLICT,
            Refusal::Package(
                PackageError::Unsigned(_)
                | PackageError::UnknownKey { .. }
                | PackageError::BadSignature(_),
            ) => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveBody {
    world: String,
    version: u32,
    #[serde(default)]
    note: String,
    percent: Option<u32>,
    differences_max: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RollbackBody {
    world: String,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplayBody {
    world: String,
    version: u32,
    days: Option<u32>,
}

impl Policies {
    /// Answers `what` (after `policies/`; empty for the list); nothing when there is no such call.
    pub async fn answer(
        &self,
        method: &Method,
        what: &str,
        query: &str,
        body: &[u8],
        by: &str,
    ) -> Result<Option<Value>> {
        Ok(Some(match (method, what) {
            (&Method::GET, "") => self.lines().await?,
            (&Method::GET, "audit") => json!(self.ledger.policy_audit(LINES_MAX).await?),
            (&Method::GET, "log") => json!(self.ledger.policy_calls(&filter(query)?).await?),
            (&Method::GET, "explain") => {
                let pairs = pairs(query)?;
                let which = pairs.iter().find(|(name, _)| name == "record");
                let which = which.ok_or_else(|| Refusal::Query(query.to_owned()))?;
                self.explain(&which.1).await?
            }
            (&Method::POST, "push") => self.push(&serde_json::from_slice(body)?, by).await?,
            (&Method::POST, "replay") => self.replay(&serde_json::from_slice(body)?).await?,
            (&Method::POST, "rollback") => {
                self.roll_back(&serde_json::from_slice(body)?, by).await?
            }
            (&Method::POST, "activate" | "shadow" | "canary" | "withdraw" | "reject") => {
                self.do_move(what, &serde_json::from_slice(body)?, by).await?
            }
            _ => return Ok(None),
        }))
    }

    /// Policies of the ledger, and the defaults as version 0.
    async fn lines(&self) -> Result<Value> {
        let faults = self.loading.lock().await.clone();
        let slots = self.host.slots();
        let policies = self.ledger.policies().await?;
        let mut lines = Vec::new();
        for slot in &slots {
            let Some(world) = konf_host::world_of(&slot.interface) else { continue };
            let loaded =
                |digest: &str| slot.policies.iter().find(|p| p.digest.to_string() == digest);
            let counted = |digest: &str| {
                loaded(digest).map(|found| {
                    let c = found.counted;
                    json!({ "calls": c.calls, "failures": c.failures, "p50_us": c.p50_us, "p99_us": c.p99_us,
                            "compared": c.compared, "different": c.different })
                })
            };
            for policy in policies.iter().filter(|p| p.world == world.name) {
                let mut line = json!(policy);
                line["counted"] = json!(counted(&policy.digest));
                line["decides"] = json!(policy.digest == slot.digest.to_string());
                let fault = faults.get(&(slot.interface.clone(), policy.digest.clone()));
                let rests = loaded(&policy.digest).is_some_and(|found| found.rests);
                line["fault"] = json!(fault.map(String::as_str).or(rests.then_some(RESTS)));
                lines.push(line);
            }
            let default = slot.default.to_string();
            lines.push(json!({
                "world": world.name, "version": 0, "digest": default, "state": "default",
                "counted": counted(&default), "decides": slot.default == slot.digest,
            }));
        }
        Ok(Value::Array(lines))
    }

    async fn push(&self, package: &Package, by: &str) -> Result<Value> {
        let opened = package.open(&self.trust).map_err(Refusal::Package)?;
        let trial = self.trial(opened.component.clone()).await?;
        let (world, manifest) = (trial.world(), &opened.manifest);
        ensure!(
            world.name == manifest.world,
            Refusal::OtherWorld { manifest: manifest.world.clone(), component: world.name.clone() }
        );
        let mut faults = try_cases(&trial, &manifest.cases).await;
        faults.extend(senseless(&trial).await);
        ensure!(faults.is_empty(), Refusal::Cases(faults));
        let replayed = replay::replay(&self.ledger, &trial, REPLAY_DAYS).await?;
        let (version, cases) = (manifest.version, manifest.cases.len());
        let digest = opened.digest;
        self.store(opened, package.manifest.clone(), by).await?;
        Ok(json!({
            "world": world.name, "version": version, "digest": digest.to_string(), "cases": cases,
            "replay": replayed,
        }))
    }

    pub(super) async fn store(&self, opened: Opened, manifest: String, by: &str) -> Result<()> {
        let Opened { manifest: read, component, digest, signature } = opened;
        let (world, version) = (read.world, read.version);
        let new = NewPolicy {
            world: world.clone(),
            version,
            digest: digest.to_string(),
            component,
            manifest,
            signature,
            by: by.to_owned(),
        };
        match self.ledger.push_policy(&new).await? {
            Pushed::Stored => {
                tracing::info!(world, version, %digest, "a policy was pushed");
                Ok(())
            }
            Pushed::Repeated => Ok(()),
            Pushed::NotRising { newest } => {
                Err(Refusal::NotRising { world, version, newest }.into())
            }
            Pushed::Known { version } => Err(Refusal::Known(version).into()),
        }
    }

    async fn trial(&self, component: Vec<u8>) -> Result<Trial> {
        let host = self.host.clone();
        let trial = tokio::task::spawn_blocking(move || host.trial(&component)).await?;
        Ok(trial.map_err(Refusal::Unfit)?)
    }

    async fn replay(&self, body: &ReplayBody) -> Result<Value> {
        let days = body.days.unwrap_or(REPLAY_DAYS);
        ensure!((1..=REPLAY_DAYS_MAX).contains(&days), Refusal::Days(days));
        let world = known_world(&body.world)?;
        let digest = match body.version {
            0 => self.host.default_policy(&worlds()[world].interface)?.0.to_string(),
            version => self.digest_of(world, version).await?,
        };
        let no_policy = || Refusal::NoPolicy { world: world.to_owned(), version: body.version };
        let component = self.ledger.component(&digest).await?.ok_or_else(no_policy)?;
        let trial = self.trial(component).await?;
        Ok(json!(replay::replay(&self.ledger, &trial, days).await?))
    }

    async fn digest_of(&self, world: &str, version: u32) -> Result<String> {
        let policies = self.ledger.policies().await?;
        let found = policies.into_iter().find(|p| p.world == world && p.version == version);
        let no_policy = || Refusal::NoPolicy { world: world.to_owned(), version };
        Ok(found.ok_or_else(no_policy)?.digest)
    }

    async fn do_move(&self, what: &str, body: &MoveBody, by: &str) -> Result<Value> {
        let world = known_world(&body.world)?;
        let to = match what {
            "activate" => PolicyMove::Activate,
            "shadow" => PolicyMove::Shadow,
            "withdraw" => PolicyMove::Withdraw,
            "reject" => PolicyMove::Reject,
            _ => {
                let percent = body.percent.unwrap_or(10);
                ensure!((1..=99).contains(&percent), Refusal::Percent(percent));
                let differences_max = body.differences_max;
                if let Some(most) = differences_max.filter(|most| *most > 100) {
                    return Err(Refusal::DifferencesMax(most).into());
                }
                PolicyMove::Canary { percent, differences_max }
            }
        };
        let note = note(&body.note)?;
        let (world, version) = (world.to_owned(), body.version);
        match self.ledger.move_policy(&world, version, to, note, by).await? {
            Moving::Done => {}
            Moving::NoSuchPolicy => return Err(Refusal::NoPolicy { world, version }.into()),
            Moving::Downgrade { active } => return Err(Refusal::Downgrade { world, active }.into()),
            Moving::Pointless(state) => return Err(Refusal::Pointless(state).into()),
        }
        tracing::info!(world, version, what, "a policy was moved by an operator");
        self.load().await?;
        Ok(json!({}))
    }

    async fn roll_back(&self, body: &RollbackBody, by: &str) -> Result<Value> {
        let world = known_world(&body.world)?;
        let version = self.ledger.roll_back(world, note(&body.note)?, by).await?;
        let version = version.ok_or_else(|| Refusal::OnlyDefault(world.to_owned()))?;
        tracing::info!(world, version, "a policy was rolled back by an operator");
        self.load().await?;
        let interface = &worlds()[world].interface;
        let slots = self.host.slots();
        let digest: Option<Digest> =
            slots.iter().find(|slot| slot.interface == *interface).map(|slot| slot.digest);
        Ok(json!({ "version": version, "decides": digest.map(|digest| digest.to_string()) }))
    }
}

fn known_world(world: &str) -> Result<&str, Refusal> {
    match worlds().contains_key(world) {
        true => Ok(world),
        false => Err(Refusal::NoWorld(world.chars().take(40).collect())),
    }
}

fn note(note: &str) -> Result<&str, Refusal> {
    if note.chars().count() > NOTE_CHARACTERS_MAX { Err(Refusal::Note) } else { Ok(note.trim()) }
}

fn filter(query: &str) -> Result<PolicyCallFilter, Refusal> {
    let mut filter = PolicyCallFilter { limit: 100, ..PolicyCallFilter::default() };
    for (name, value) in pairs(query)? {
        let wrong = || Refusal::Query(format!("{name}={value}"));
        match name.as_str() {
            "world" => filter.world = Some(known_world(&value)?.to_owned()),
            "conference" => {
                let number = ConferenceNumber::new(value.as_str()).map_err(|_| wrong())?;
                filter.conference = Some(number);
            }
            "limit" => filter.limit = value.parse::<u32>().map_err(|_| wrong())?.min(LINES_MAX),
            _ => return Err(wrong()),
        }
    }
    Ok(filter)
}

/// `name=value` by `&`, percent-decoded (RFC 3986, section 2.1).
fn pairs(query: &str) -> Result<Vec<(String, String)>, Refusal> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((name.to_owned(), decoded(value)?))
    };
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| pair(part).ok_or_else(|| Refusal::Query(part.to_owned())))
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}
