//! One compiled policy: what it may take, how it is asked, and how that went so far.

use crate::breaker::Breaker;
use crate::counts::Counts;
use crate::value::size;
use crate::world::World;
use crate::{Digest, Limits, SwapError, engine, imports, lane};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, Instance, InstancePre, Linker, Val};
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder, Trap, UpdateDeadline};

/// A Rust policy has about 50 KB; this is room for a rule table, and bounds what compiling one costs.
pub const POLICY_BYTES_MAX: usize = 4 << 20;

/// The largest answer: the charge and the verdict have a few hundred bytes, a list of offers a few thousand.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// What the engine copies of an answer at most: enough that [`ANSWER_BYTES_MAX`] is what says no to all but the worst.
const COPIED_BYTES_MAX: usize = 2 * ANSWER_BYTES_MAX;

/// Elements of all tables of a policy: a Rust policy has some tens of functions in its table.
const TABLE_ELEMENTS_MAX: usize = 10_000;

/// A policy has had this part of its deadline for itself before it is cut, so that a busy machine cuts no honest one …
const SHARE_OF_DEADLINE: u64 = 10;

/// … unless so many times its deadline has passed: somebody waits.
const DEADLINES_MAX: u32 = 4;

/// A policy that failed begins in the slow lane so many times: at the highest rate of legs and orders that is expected,
/// for half a second.
const WATCHED_CALLS: u32 = 100;

/// What one call may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    deadline: Duration,
    /// Of the engine's clock, during which it was seen at work.
    ticks_min: u64,
    memory_bytes: usize,
}

impl Bounds {
    pub(crate) fn of(limits: &Limits) -> Bounds {
        let share_ms = limits.policy_deadline_ms / SHARE_OF_DEADLINE;
        Bounds {
            deadline: Duration::from_millis(limits.policy_deadline_ms),
            ticks_min: share_ms.div_ceil(engine::TICK_MS).max(2),
            memory_bytes: limits.policy_memory_bytes,
        }
    }
}

/// A compiled policy that fits what its callers expect.
pub(crate) struct Policy {
    pub(crate) digest: Digest,
    pub(crate) counts: Counts,
    ready: InstancePre<PolicyState>,
    functions: BTreeMap<String, ComponentExportIndex>,
    /// Once at least: nobody knows one that has not.
    has_answered: AtomicBool,
    /// Calls that are still to begin in the slow lane.
    watched: AtomicU32,
    breaker: Mutex<Breaker>,
    /// Made ahead, each for one call.
    fresh: Mutex<Vec<Waiting>>,
}

/// Instances of a policy that wait for their call: to make one takes three times as long as to ask it, and is done when
/// nobody waits.
const FRESH_MAX: usize = 4;

/// The same of all policies, with those that are still to be put away: the engine has room for so many beside those that
/// are at work.
pub(crate) const FRESH_TOTAL_MAX: u32 = 32;
static ROOM: Semaphore = Semaphore::const_new(FRESH_TOTAL_MAX as usize);

/// An instance that nobody has asked anything.
struct Fresh {
    store: Store<PolicyState>,
    instance: Instance,
}

/// The same, put aside.
struct Waiting {
    fresh: Fresh,
    _room: SemaphorePermit<'static>,
}

struct PolicyState {
    limits: StoreLimits,
    started: Instant,
    bounds: Bounds,
    ticks: u64,
}

impl PolicyState {
    fn is_over(&self, ticks: u64, now: Instant) -> bool {
        let took = now.duration_since(self.started);
        let Bounds { deadline, ticks_min, .. } = self.bounds;
        took >= deadline && ticks >= ticks_min || took >= deadline * DEADLINES_MAX
    }
}

/// The functions of an interface as a caller knows them.
pub(crate) type Contract = Vec<(String, ComponentFunc)>;

impl Policy {
    /// Checks a compiled policy against what its callers expect.
    pub(crate) fn fit(
        interface: &str,
        contract: &Contract,
        compiled: &Component,
        digest: Digest,
    ) -> Result<Policy, SwapError> {
        pure(compiled)?;
        let functions = contract
            .iter()
            .map(|(name, wanted)| {
                let (found, index) = exported(interface, name, compiled)?;
                match same(&found, wanted) {
                    true => Ok((name.clone(), index)),
                    false => Err(SwapError::OtherType(name.clone())),
                }
            })
            .collect::<Result<_, _>>()?;
        Policy::ready(compiled, digest, functions)
    }

    /// The same against a world, where no caller is at hand. The types have been compared (`check`).
    pub(crate) fn of_world(
        world: &World,
        compiled: &Component,
        digest: Digest,
    ) -> Result<Policy, SwapError> {
        pure(compiled)?;
        let (_, index) = exported(&world.interface, &world.function, compiled)?;
        Policy::ready(compiled, digest, BTreeMap::from([(world.function.clone(), index)]))
    }

    fn ready(
        compiled: &Component,
        digest: Digest,
        functions: BTreeMap<String, ComponentExportIndex>,
    ) -> Result<Policy, SwapError> {
        let ready = inert_linker(compiled)
            .and_then(|linker| linker.instantiate_pre(compiled))
            .map_err(|error| SwapError::Instantiate(format!("{error:#}")))?;
        Ok(Policy {
            digest,
            counts: Counts::default(),
            ready,
            functions,
            has_answered: AtomicBool::new(false),
            watched: AtomicU32::new(0),
            breaker: Mutex::default(),
            fresh: Mutex::default(),
        })
    }

    /// Whether it may be asked where another one can be: it did not keep failing.
    pub(crate) fn is_permitted(&self) -> bool {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner).permits(Instant::now())
    }

    /// Whether it kept failing and is left alone for now.
    pub(crate) fn rests(&self) -> bool {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner).rests(Instant::now())
    }

    /// How a call of live traffic ended. Whether it is to be left alone from now on.
    pub(crate) fn note(&self, answered: bool) -> bool {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        breaker.note(Instant::now(), answered)
    }

    /// Asks it, in a fresh instance with its own memory and deadline, which may have been made ahead. Counts how it went. A
    /// function of a contract has one result.
    pub(crate) async fn call(
        self: &Arc<Policy>,
        bounds: Bounds,
        function: &str,
        params: &[Val],
    ) -> (wasmtime::Result<Val>, Duration) {
        let started = Instant::now();
        let Some(index) = self.functions.get(function) else {
            return (Err(wasmtime::format_err!("it has no function {function}")), Duration::ZERO);
        };
        let asked = ask(self.take_fresh(), self.ready.clone(), *index, bounds, params.to_vec());
        let is_watched = self.watched.load(Relaxed) > 0;
        let answered = if is_watched {
            lane::SLOW.run(Box::pin(asked)).await
        } else if self.has_answered.load(Relaxed) {
            lane::move_when_slow(Box::pin(asked)).await
        } else {
            lane::begin_apart(Box::pin(asked)).await
        };
        let took = started.elapsed();
        self.counts.called(took, answered.is_ok());
        match &answered {
            Err(_) => self.watched.store(WATCHED_CALLS, Relaxed),
            Ok(_) if is_watched => {
                let _ = self.watched.fetch_update(Relaxed, Relaxed, |calls| calls.checked_sub(1));
            }
            Ok(_) => self.has_answered.store(true, Relaxed),
        }
        let (answered, used) =
            answered.map_or_else(|why| (Err(why), None), |(answer, used)| (Ok(answer), Some(used)));
        self.make_ready(bounds, used);
        (answered, took)
    }

    fn take_fresh(&self) -> Option<Fresh> {
        let waiting = self.fresh.lock().unwrap_or_else(PoisonError::into_inner).pop();
        waiting.map(|waiting| waiting.fresh)
    }

    /// Puts away what was used and makes what will be, beside the request. Not of one that fails or is slow.
    fn make_ready(self: &Arc<Policy>, bounds: Bounds, used: Option<Store<PolicyState>>) {
        let Some(used) = used else { return };
        // One of the two is in it at a time; where there is no room for it nothing waits to be put away.
        let Ok(room) = ROOM.try_acquire() else { return };
        let policy = self.clone();
        tokio::spawn(async move {
            drop(used);
            if policy.watched.load(Relaxed) > 0 || policy.fresh_count() >= FRESH_MAX {
                return;
            }
            let made = Box::pin(make(policy.ready.clone(), bounds));
            // What fails will fail again where somebody waits for it, and is told there.
            let Ok(made) = lane::move_when_slow(made).await else { return };
            let mut fresh = policy.fresh.lock().unwrap_or_else(PoisonError::into_inner);
            if fresh.len() < FRESH_MAX {
                fresh.push(Waiting { fresh: made, _room: room });
            }
        });
    }

    fn fresh_count(&self) -> usize {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// A new instance, within its bounds.
async fn make(ready: InstancePre<PolicyState>, bounds: Bounds) -> wasmtime::Result<Fresh> {
    engine::note_guest();
    let limits = StoreLimitsBuilder::new()
        .memory_size(bounds.memory_bytes)
        .table_elements(TABLE_ELEMENTS_MAX)
        .build();
    let state = PolicyState { limits, started: Instant::now(), bounds, ticks: 0 };
    let mut store = Store::new(ready.engine(), state);
    store.limiter(|state| &mut state.limits);
    store.set_hostcall_fuel(COPIED_BYTES_MAX);
    // A loop gives way at every tick, so that it harms no other request before it is cut. Not at the first, which may come
    // at once, or after the system took the processor away for a while.
    store.epoch_deadline_callback(|mut store| {
        engine::note_guest();
        let state = store.data_mut();
        state.ticks += 1;
        match state.ticks {
            1 => Ok(UpdateDeadline::Continue(1)),
            ticks if state.is_over(ticks, Instant::now()) => Err(Trap::Interrupt.into()),
            _ => Ok(UpdateDeadline::Yield(1)),
        }
    });
    store.set_epoch_deadline(1);
    let instance = ready.instantiate_async(&mut store).await?;
    Ok(Fresh { store, instance })
}

/// Asks an instance that nobody has asked before; it goes with the answer.
async fn ask(
    fresh: Option<Fresh>,
    ready: InstancePre<PolicyState>,
    function: ComponentExportIndex,
    bounds: Bounds,
    params: Vec<Val>,
) -> wasmtime::Result<(Val, Store<PolicyState>)> {
    engine::note_guest();
    let started = Instant::now();
    let Fresh { mut store, instance } = match fresh {
        Some(fresh) => fresh,
        None => make(ready, bounds).await?,
    };
    let state = store.data_mut();
    (state.started, state.bounds, state.ticks) = (started, bounds, 0);
    store.set_epoch_deadline(1);
    let Some(function) = instance.get_func(&mut store, function) else {
        wasmtime::bail!("it lost its function");
    };
    let mut results = [Val::Bool(false)];
    function.call_async(&mut store, &params, &mut results).await.map_err(too_much)?;
    let [answer] = results;
    match size(&answer) {
        ..=ANSWER_BYTES_MAX => Ok((answer, store)),
        bytes => {
            wasmtime::bail!("its answer has {bytes} bytes, and {ANSWER_BYTES_MAX} are allowed")
        }
    }
}

/// The engine's own words for an answer that it did not copy name neither what was too much nor the limit.
fn too_much(error: wasmtime::Error) -> wasmtime::Error {
    match error.root_cause().to_string().contains("fuel allocated for hostcalls") {
        true => wasmtime::format_err!(
            "its answer has more than {COPIED_BYTES_MAX} bytes, and {ANSWER_BYTES_MAX} are allowed"
        ),
        false => error,
    }
}

fn pure(compiled: &Component) -> Result<(), SwapError> {
    match imports::impure(compiled.engine(), compiled) {
        Some(what) => Err(SwapError::Impure(what)),
        None => Ok(()),
    }
}

/// What Rust's standard library imports for printing a panic is there, and traps when it is called.
fn inert_linker(compiled: &Component) -> wasmtime::Result<Linker<PolicyState>> {
    let mut linker = Linker::new(compiled.engine());
    linker.define_unknown_imports_as_traps(compiled)?;
    Ok(linker)
}

fn exported(
    interface: &str,
    function: &str,
    compiled: &Component,
) -> Result<(ComponentFunc, ComponentExportIndex), SwapError> {
    let no_export = || SwapError::NoExport(interface.to_owned());
    let missing = || SwapError::NoExport(format!("{interface}#{function}"));
    let engine = compiled.engine();
    let ty = compiled.component_type();
    let export = ty.get_export(engine, interface).ok_or_else(no_export)?;
    let ComponentItem::ComponentInstance(exported) = export.ty else { return Err(no_export()) };
    let instance = compiled.get_export_index(None, interface).ok_or_else(no_export)?;
    let found = exported.get_export(engine, function).ok_or_else(missing)?;
    let ComponentItem::ComponentFunc(found) = found.ty else {
        return Err(SwapError::OtherType(function.to_owned()));
    };
    let index = compiled.get_export_index(Some(&instance), function).ok_or_else(missing)?;
    Ok((found, index))
}

pub(crate) fn same(found: &ComponentFunc, wanted: &ComponentFunc) -> bool {
    found.params().eq(wanted.params()) && found.results().eq(wanted.results())
}
