//! One compiled policy: what it may take, how it is asked, and how that went so far.

use crate::counts::Counts;
use crate::engine::TICK_MS;
use crate::value::size;
use crate::world::World;
use crate::{Digest, Limits, SwapError, imports};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, Val};
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder, Trap, UpdateDeadline};

/// A Rust policy has about 50 KB; this is room for a rule table, and bounds what compiling one costs.
pub const POLICY_BYTES_MAX: usize = 4 << 20;

/// The largest answer: the charge and the verdict have a few hundred bytes, a list of offers a few thousand.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Elements of all tables of a policy: a Rust policy has some tens of functions in its table.
const TABLE_ELEMENTS_MAX: usize = 10_000;

/// What one call may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    deadline_ticks: u64,
    memory_bytes: usize,
}

impl Bounds {
    pub(crate) fn of(limits: &Limits) -> Bounds {
        Bounds {
            // The first tick may come at once, so one more than the deadline needs.
            deadline_ticks: limits.policy_deadline_ms.div_ceil(TICK_MS) + 1,
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
}

struct PolicyState {
    limits: StoreLimits,
    ticks_left: u64,
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
        Ok(Policy { digest, counts: Counts::default(), ready, functions })
    }

    /// Asks it, in a fresh instance with its own memory and deadline. Counts how it went.
    pub(crate) async fn call(
        &self,
        bounds: Bounds,
        function: &str,
        params: &[Val],
        results: &mut [Val],
    ) -> (wasmtime::Result<()>, Duration) {
        let started = Instant::now();
        let answered = self.ask(bounds, function, params, results).await;
        let took = started.elapsed();
        self.counts.called(took, answered.is_ok());
        (answered, took)
    }

    async fn ask(
        &self,
        bounds: Bounds,
        function: &str,
        params: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        let Some(index) = self.functions.get(function) else {
            wasmtime::bail!("it has no function {function}");
        };
        let limits = StoreLimitsBuilder::new()
            .memory_size(bounds.memory_bytes)
            .table_elements(TABLE_ELEMENTS_MAX)
            .build();
        let state = PolicyState { limits, ticks_left: bounds.deadline_ticks };
        let mut store = Store::new(self.ready.engine(), state);
        store.limiter(|state| &mut state.limits);
        // A loop gives way at every tick, so that it harms no other request before it is cut.
        store.epoch_deadline_callback(|mut store| {
            let state = store.data_mut();
            state.ticks_left = state.ticks_left.saturating_sub(1);
            match state.ticks_left {
                0 => Err(Trap::Interrupt.into()),
                _ => Ok(UpdateDeadline::Yield(1)),
            }
        });
        store.set_epoch_deadline(1);
        let instance = self.ready.instantiate_async(&mut store).await?;
        let Some(function) = instance.get_func(&mut store, index) else {
            wasmtime::bail!("it lost its function {function}");
        };
        function.call_async(&mut store, params, results).await?;
        let answer: usize = results.iter().map(size).sum();
        if answer > ANSWER_BYTES_MAX {
            wasmtime::bail!("its answer has {answer} bytes, and {ANSWER_BYTES_MAX} are allowed");
        }
        Ok(())
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
