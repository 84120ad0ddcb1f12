//! A slot: the place in an application where a policy stands, and where another may take its place.
//!
//! A function's import of `konf:policy/…` is answered by a policy of the slot, in a fresh instance with its own memory
//! and deadline. The values pass through as they are: host and function agree on the interface by the component's own
//! types, and a policy is taken only if its types are the same.
//!
//! Which policy answers: the one that the conference stays on, if it is loaded; else the canary, for its share of the
//! conferences; else the active one. One that fails does not fail the request: policies are pure, so the next best is
//! asked the same (the active one, the last good one, the default), and one that keeps failing is passed over for a while.
//! Shadow and canary are compared off the request's path.

use crate::digest::Digest;
use crate::engine::Compiler;
use crate::guest::Guest;
use crate::policy::{Bounds, Contract, POLICY_BYTES_MAX, Policy};
use crate::value::to_json;
use crate::witness::{Called, Part, Witness};
use crate::{Limits, PolicyInfo, SwapError};
use arc_swap::ArcSwap;
use konf_api::policy::About;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, Val};

/// Comparisons under way; more calls than that are not compared. Two cores do not have time for more.
const COMPARISONS_MAX: usize = 8;

pub(crate) struct Slot {
    interface: Arc<str>,
    /// The functions as their callers know them.
    contract: Contract,
    bounds: Bounds,
    /// What the application was installed with.
    default: Arc<Policy>,
    default_component: Arc<[u8]>,
    stand: ArcSwap<Stand>,
    /// Compiled, and not yet of use.
    prepared: Mutex<BTreeMap<Digest, Arc<Policy>>>,
    witness: Option<Arc<dyn Witness>>,
    comparing: Arc<Semaphore>,
}

/// Which policies of a slot are of use, by digest. [`Standing::default`] leaves it to the default of the application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// None: the default.
    pub active: Option<Digest>,
    /// Decides for so many conferences in a hundred, and before there is one, for so many senders.
    pub canary: Option<(Digest, u32)>,
    /// Asked beside whatever decides, and only compared.
    pub shadow: Option<Digest>,
    /// Asked when the active one fails, before the default.
    pub last_good: Option<Digest>,
    /// What conferences stay on.
    pub keep: Vec<Digest>,
}

struct Stand {
    active: Arc<Policy>,
    canary: Option<(Arc<Policy>, u32)>,
    shadow: Option<Arc<Policy>>,
    last_good: Option<Arc<Policy>>,
    /// All of the above, the default, and what conferences stay on.
    loaded: BTreeMap<Digest, Arc<Policy>>,
}

/// One call, as its caller made it.
#[derive(Clone, Copy)]
struct Question<'a> {
    function: &'a str,
    params: &'a [Val],
    about: &'a About,
}

impl Slot {
    /// A slot with its default policy.
    pub(crate) fn new(
        interface: &str,
        contract: Contract,
        limits: &Limits,
        (compiled, component): (&Component, Arc<[u8]>),
        digest: Digest,
        witness: Option<Arc<dyn Witness>>,
    ) -> Result<Slot, SwapError> {
        let default = Arc::new(Policy::fit(interface, &contract, compiled, digest)?);
        Ok(Slot {
            interface: interface.into(),
            contract,
            bounds: Bounds::of(limits),
            stand: ArcSwap::from_pointee(Stand::of_default(&default)),
            default,
            default_component: component,
            prepared: Mutex::default(),
            witness,
            comparing: Arc::new(Semaphore::new(COMPARISONS_MAX)),
        })
    }

    /// Checks and compiles a policy, off the path of requests, so that [`Slot::stand`] can name it.
    pub(crate) fn prepare(&self, compiler: &Compiler, bytes: &[u8]) -> Result<Digest, SwapError> {
        if bytes.len() > POLICY_BYTES_MAX {
            return Err(SwapError::TooLarge { found: bytes.len(), limit: POLICY_BYTES_MAX });
        }
        let digest = Digest::of(bytes);
        if self.stand.load().loaded.contains_key(&digest) {
            return Ok(digest);
        }
        let compiled = compiler.compile(bytes, &digest).map_err(SwapError::NotAComponent)?;
        let policy = Policy::fit(&self.interface, &self.contract, &compiled, digest)?;
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        prepared.insert(digest, Arc::new(policy));
        Ok(digest)
    }

    /// From now on these policies are of use and no others. Calls in flight end on those that they began with.
    pub(crate) fn stand(&self, standing: &Standing) -> Result<(), SwapError> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.stand.load_full();
        let find = |digest: &Digest| before.loaded.get(digest).or(prepared.get(digest)).cloned();
        let named = |digest: &Digest| find(digest).ok_or(SwapError::NotPrepared(*digest));
        let active = standing.active.as_ref().map(named).transpose()?;
        let canary = standing.canary.map(|(digest, share)| Ok((named(&digest)?, share)));
        let mut next = Stand {
            active: active.unwrap_or_else(|| self.default.clone()),
            canary: canary.transpose()?,
            shadow: standing.shadow.as_ref().map(named).transpose()?,
            last_good: standing.last_good.as_ref().map(named).transpose()?,
            loaded: standing.keep.iter().filter_map(find).map(|p| (p.digest, p)).collect(),
        };
        next.load_those_of_use(&self.default);
        if next.active.digest != before.active.digest {
            let (from, to) = (before.active.digest, next.active.digest);
            tracing::info!(interface = %self.interface, %from, %to, "a policy was swapped");
        }
        self.stand.store(Arc::new(next));
        prepared.clear();
        Ok(())
    }

    /// Checks and compiles a policy and makes it the active one.
    pub(crate) fn swap(&self, compiler: &Compiler, bytes: &[u8]) -> Result<Digest, SwapError> {
        let digest = self.prepare(compiler, bytes)?;
        let last_good = Some(self.digest());
        self.stand(&Standing { active: Some(digest), last_good, ..Standing::default() })?;
        Ok(digest)
    }

    /// Whether a caller knows the interface as the slot's callers do.
    pub(crate) fn fits(&self, caller: &Contract) -> bool {
        caller.iter().all(|(name, function)| {
            let known = self.contract.iter().find(|(known, _)| known == name);
            known.is_some_and(|(_, known)| crate::policy::same(function, known))
        })
    }

    pub(crate) fn interface(&self) -> &str {
        &self.interface
    }

    /// Of the active policy.
    pub(crate) fn digest(&self) -> Digest {
        self.stand.load().active.digest
    }

    pub(crate) fn default_component(&self) -> (Digest, Arc<[u8]>) {
        (self.default.digest, self.default_component.clone())
    }

    /// All that are loaded, and how they did.
    pub(crate) fn loaded(&self) -> Vec<PolicyInfo> {
        let stand = self.stand.load();
        let info = |policy: &Arc<Policy>| PolicyInfo {
            digest: policy.digest,
            counted: policy.counts.read(),
            rests: policy.rests(),
        };
        stand.loaded.values().map(info).collect()
    }

    /// The policy that would be asked.
    pub(crate) fn choice(&self, about: &About) -> Digest {
        self.stand.load().choose(&self.interface, about).1.digest
    }

    /// Asks the policy that is to be asked; says which one answered.
    pub(crate) async fn call(
        &self,
        function: &str,
        params: &[Val],
        results: &mut [Val],
        about: &About,
    ) -> wasmtime::Result<Digest> {
        let question = Question { function, params, about };
        let stand = self.stand.load_full();
        let (part, chosen) = stand.choose(&self.interface, about);
        let candidates = self.candidates(&stand, chosen);
        let mut answered = None;
        for (place, policy) in candidates.iter().enumerate() {
            let is_last = place + 1 == candidates.len();
            if !is_last && !policy.is_permitted() {
                continue;
            }
            let part = if place == 0 { part } else { Part::Fallback };
            let answer = self.ask(policy, part, question, results).await;
            if answer.is_ok() {
                if place == 0 {
                    self.compare(&stand, part, question, results);
                }
                return answer;
            }
            answered = Some(answer);
        }
        answered.unwrap_or_else(|| Err(wasmtime::format_err!("there is no policy to ask")))
    }

    /// Whom to ask, the best first: each once.
    fn candidates<'a>(&'a self, stand: &'a Stand, chosen: &'a Arc<Policy>) -> Vec<&'a Arc<Policy>> {
        let others = [Some(&stand.active), stand.last_good.as_ref(), Some(&self.default)];
        let mut candidates = vec![chosen];
        for policy in others.into_iter().flatten() {
            if candidates.iter().all(|candidate| candidate.digest != policy.digest) {
                candidates.push(policy);
            }
        }
        candidates
    }

    async fn ask(
        &self,
        policy: &Arc<Policy>,
        part: Part,
        question: Question<'_>,
        results: &mut [Val],
    ) -> wasmtime::Result<Digest> {
        let Question { function, params, about } = question;
        let (answered, took) = policy.call(self.bounds, function, params).await;
        let fault = answered.as_ref().err().map(|error| format!("{error:#}"));
        if let Some(why) = &fault {
            tracing::error!(interface = %self.interface, digest = %policy.digest, %why, "a policy failed");
        }
        note(policy, answered.is_ok());
        if let Some(witness) = &self.witness {
            witness.called(Called {
                interface: self.interface.clone(),
                digest: policy.digest,
                part,
                about: about.clone(),
                input: params.first().map_or(Value::Null, to_json),
                output: match (&answered, fault) {
                    (Ok(answer), _) => Ok(to_json(answer)),
                    (Err(_), fault) => Err(fault.unwrap_or_default()),
                },
                took,
            });
        }
        if let Some(result) = results.first_mut() {
            *result = answered?;
        }
        Ok(policy.digest)
    }

    /// Asks the shadow, and beside a canary the active policy, the same; counts where the answers differ.
    fn compare(&self, stand: &Stand, part: Part, question: Question<'_>, results: &[Val]) {
        if let Some(shadow) = &stand.shadow {
            self.compare_one(shadow, shadow, question, results);
        }
        if let (Part::Canary, Some((canary, _))) = (part, &stand.canary) {
            self.compare_one(&stand.active, canary, question, results);
        }
    }

    fn compare_one(
        &self,
        asked: &Arc<Policy>,
        judged: &Arc<Policy>,
        question: Question<'_>,
        results: &[Val],
    ) {
        let Ok(turn) = self.comparing.clone().try_acquire_owned() else { return };
        // Last, since the one call that is permitted after a rest has to be made.
        if !asked.is_permitted() {
            return;
        }
        let (asked, judged, bounds) = (asked.clone(), judged.clone(), self.bounds);
        let (function, params) = (question.function.to_owned(), question.params.to_vec());
        let expected = results.first().cloned();
        tokio::spawn(async move {
            let (answered, _): (_, Duration) = asked.call(bounds, &function, &params).await;
            note(&asked, answered.is_ok());
            judged.counts.compared(answered.is_ok() && answered.ok() == expected);
            drop(turn);
        });
    }
}

/// Tells a policy how a call ended, and whoever reads the log when it is left alone for a while.
fn note(policy: &Policy, answered: bool) {
    if policy.note(answered) {
        tracing::error!(digest = %policy.digest, "a policy keeps failing: another is asked in its place");
    }
}

impl Stand {
    fn of_default(default: &Arc<Policy>) -> Stand {
        Stand {
            active: default.clone(),
            canary: None,
            shadow: None,
            last_good: None,
            loaded: BTreeMap::from([(default.digest, default.clone())]),
        }
    }

    fn load_those_of_use(&mut self, default: &Arc<Policy>) {
        let canary = self.canary.as_ref().map(|(policy, _)| policy);
        let others = [canary, self.shadow.as_ref(), self.last_good.as_ref()];
        for policy in [&self.active, default].into_iter().chain(others.into_iter().flatten()) {
            self.loaded.insert(policy.digest, policy.clone());
        }
    }

    fn choose(&self, interface: &str, about: &About) -> (Part, &Arc<Policy>) {
        let pin = about.pins.get(interface).and_then(|digest| digest.parse().ok());
        if let Some(pinned) = pin.and_then(|digest: Digest| self.loaded.get(&digest)) {
            return (self.part(pinned), pinned);
        }
        let booked = about.booking.as_deref().map(hundredth);
        match (&self.canary, booked.or(about.share)) {
            (Some((canary, share)), Some(at)) if at < *share => (Part::Canary, canary),
            _ => (Part::Active, &self.active),
        }
    }

    fn part(&self, pinned: &Policy) -> Part {
        let is_canary = self.canary.as_ref().is_some_and(|(c, _)| c.digest == pinned.digest);
        match (pinned.digest == self.active.digest, is_canary) {
            (true, _) => Part::Active,
            (_, true) => Part::Canary,
            _ => Part::Pinned,
        }
    }
}

/// Of a hundred equal parts of all conferences the one that this is in, the same in every world and for all time.
fn hundredth(booking: &str) -> u32 {
    let [a, b, c, d, ..] = Digest::of(booking.as_bytes()).0;
    u32::from_be_bytes([a, b, c, d]) % 100
}

/// Answers a component's import of the slot's interface by a policy of the slot.
pub(crate) fn link(
    slot: &Arc<Slot>,
    component: &Component,
    linker: &mut Linker<Guest>,
) -> wasmtime::Result<()> {
    let functions = imported(linker.engine(), component, &slot.interface);
    let mut instance = linker.instance(&slot.interface)?;
    for (name, _) in functions {
        let slot = slot.clone();
        let function: Arc<str> = name.as_str().into();
        instance.func_new_async(&name, move |mut store, _, params, results| {
            let (slot, function) = (slot.clone(), function.clone());
            Box::new(async move {
                let about = store.data().about();
                let digest = slot.call(&function, params, results, &about).await?;
                store.data_mut().stamp(&slot.interface, digest);
                Ok(())
            })
        })?;
    }
    Ok(())
}

/// The functions of an interface as a component imports them.
pub(crate) fn imported(engine: &Engine, component: &Component, interface: &str) -> Contract {
    let ty = component.component_type();
    let Some(import) = ty.get_import(engine, interface) else { return Vec::new() };
    let ComponentItem::ComponentInstance(instance) = import.ty else { return Vec::new() };
    let functions = instance.exports(engine).filter_map(|(name, export)| match export.ty {
        ComponentItem::ComponentFunc(function) => Some((name.to_owned(), function)),
        _ => None,
    });
    functions.collect()
}

#[cfg(test)]
mod tests;
