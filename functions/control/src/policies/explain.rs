//! Why a decision is what it is: what was asked, who answered, and whether the same component says the same again.

use anyhow::Result;
use konf_ledger::{PolicyCall, PolicyCallLine};
use serde_json::{Value, json};

use super::replay::crowns;
use super::{Policies, Refusal};

impl Policies {
    /// `which` is a number in the log, or `edge/boot/sequence` of a leg.
    pub(super) async fn explain(&self, which: &str) -> Result<Value> {
        let no_call = || Refusal::NoDecision(which.chars().take(80).collect());
        let line = self.ledger.policy_call(which).await?.ok_or_else(no_call)?;
        let (again, verdict) = self.ask_again(&line.call).await?;
        let by = self.named(&line.call).await?;
        let mut said = facts(&line);
        said.push(format!(
            "{by} answered in {} µs, as {}.",
            line.call.micros,
            part(&line.call.part)
        ));
        said.push(verdict);
        Ok(json!({ "decision": line, "again": again, "said": said }))
    }

    async fn ask_again(&self, call: &PolicyCall) -> Result<(Option<Value>, String)> {
        let Some(component) = self.ledger.component(&call.digest).await? else {
            return Ok((None, "Its component is not kept, so it can't be asked again.".to_owned()));
        };
        let host = self.host.clone();
        let trial = tokio::task::spawn_blocking(move || host.trial(&component)).await??;
        Ok(match (trial.ask(&call.input).await, &call.output) {
            (Ok(again), Some(before)) if again.output == *before => {
                (Some(again.output), "Asked again, it answers the same, bit for bit.".to_owned())
            }
            (Ok(again), _) => {
                let verdict = format!("Asked again, it answers something else: {}.", again.output);
                (Some(again.output), verdict)
            }
            (Err(_), None) => (None, "Asked again, it fails again.".to_owned()),
            (Err(why), Some(_)) => (None, format!("Asked again, it fails: {why}.")),
        })
    }

    /// `Version 3 of tariff (sha256:…)`, or the default.
    async fn named(&self, call: &PolicyCall) -> Result<String> {
        let policies = self.ledger.policies().await?;
        let pushed = policies.iter().find(|p| p.world == call.world && p.digest == call.digest);
        Ok(match pushed {
            Some(policy) => {
                format!("Version {} of {} ({})", policy.version, call.world, call.digest)
            }
            None => format!("A default {} ({})", call.world, call.digest),
        })
    }
}

fn part(part: &str) -> &'static str {
    match part {
        "canary" => "the canary for this conference",
        "pinned" => "the policy that this conference began with",
        "fallback" => "a fallback after another one had failed",
        _ => "the active policy",
    }
}

/// What was asked and answered, a sentence each.
fn facts(line: &PolicyCallLine) -> Vec<String> {
    let call = &line.call;
    let mut said = Vec::new();
    match (&call.conference, &call.record) {
        (Some(conference), Some(record)) => {
            said.push(format!("The leg {record} of conference {conference}."));
        }
        (None, Some(record)) => said.push(format!("The leg {record}, into no conference.")),
        (Some(conference), None) => said.push(format!("Conference {conference}.")),
        (None, None) => {}
    }
    said.push(format!("Asked: {}.", spelt(&call.input)));
    match (&call.output, &call.fault) {
        (Some(output), _) if call.world == "tariff" => said.push(charge(output)),
        (Some(output), _) => said.push(format!("Answered: {}.", spelt(output))),
        (None, fault) => said.push(format!("It failed: {}.", fault.as_deref().unwrap_or("?"))),
    }
    said
}

fn charge(output: &Value) -> String {
    let amount = output["amount"].as_i64().unwrap_or_default();
    let (billed_s, rule) = (&output["billed-s"], output["rule"].as_str().unwrap_or_default());
    let czk = crowns(i128::from(amount));
    let czk = czk.trim_start_matches('+');
    format!(
        "Answered: {billed_s} s billed by the rule {rule}, {czk} CZK without VAT (exactly {amount} of 6,000,000 a crown)."
    )
}

/// `network o2-mobile, mobile true`. What is too long to be read is in the decision itself.
fn spelt(value: &Value) -> String {
    match value.as_object() {
        Some(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{name} {}", plain(value));
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
        None => plain(value),
    }
}

fn plain(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.char_indices().nth(SPELT_CHARACTERS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Three lines of a terminal: a verdict has no more, the load of the edges has pages.
const SPELT_CHARACTERS_MAX: usize = 240;
