//! A slot: the place in an application where a policy stands, and where another may take its place.
//!
//! A function's import of `konf:policy/…` is answered by whatever policy stands in the slot at that moment, in a fresh
//! instance with its own memory and deadline. The values pass through as they are: host and function agree on the
//! interface by the component's own types, and a policy is taken only if its types are the same.

use crate::engine::{Compiler, TICK_MS};
use crate::guest::Guest;
use crate::{Digest, Limits, SwapError, imports};
use arc_swap::ArcSwap;
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, Val};
use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder};

/// A Rust policy has about 50 KB; this is room for a rule table, and bounds what compiling one costs.
pub const POLICY_BYTES_MAX: usize = 4 << 20;

pub(crate) struct Slot {
    interface: String,
    /// The functions as their callers know them.
    contract: Vec<(String, ComponentFunc)>,
    deadline_ticks: u64,
    memory_bytes: usize,
    current: ArcSwap<Policy>,
}

/// A compiled policy that fits its slot.
struct Policy {
    digest: Digest,
    ready: InstancePre<PolicyState>,
    functions: BTreeMap<String, ComponentExportIndex>,
}

struct PolicyState {
    limits: StoreLimits,
}

impl Slot {
    /// A slot with its first policy.
    pub(crate) fn new(
        interface: &str,
        contract: Vec<(String, ComponentFunc)>,
        limits: &Limits,
        compiled: &Component,
        digest: Digest,
    ) -> Result<Slot, SwapError> {
        let first = Policy::fit(interface, &contract, compiled, digest)?;
        Ok(Slot {
            interface: interface.to_owned(),
            contract,
            // The first tick may come at once, so one more than the deadline needs.
            deadline_ticks: limits.policy_deadline_ms.div_ceil(TICK_MS) + 1,
            memory_bytes: limits.policy_memory_bytes,
            current: ArcSwap::from_pointee(first),
        })
    }

    /// Checks and compiles a policy and lets it stand from now on. Calls in flight end on the old one.
    pub(crate) fn swap(&self, compiler: &Compiler, bytes: &[u8]) -> Result<Digest, SwapError> {
        if bytes.len() > POLICY_BYTES_MAX {
            return Err(SwapError::TooLarge { found: bytes.len(), limit: POLICY_BYTES_MAX });
        }
        let digest = Digest::of(bytes);
        let compiled = compiler.compile(bytes, &digest).map_err(SwapError::NotAComponent)?;
        let next = Policy::fit(&self.interface, &self.contract, &compiled, digest)?;
        let last = self.current.swap(Arc::new(next));
        tracing::info!(interface = %self.interface, from = %last.digest, to = %digest, "a policy was swapped");
        Ok(digest)
    }

    pub(crate) fn interface(&self) -> &str {
        &self.interface
    }

    pub(crate) fn digest(&self) -> Digest {
        self.current.load().digest
    }

    /// Calls the policy that stands here now; says which one it was.
    pub(crate) async fn call(
        &self,
        function: &str,
        params: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<Digest> {
        let policy = self.current.load_full();
        let answered = self.call_in(&policy, function, params, results).await;
        if let Err(error) = &answered {
            let why = format!("{error:#}");
            tracing::error!(interface = %self.interface, digest = %policy.digest, %why, "a policy failed");
        }
        answered.map(|()| policy.digest)
    }

    async fn call_in(
        &self,
        policy: &Policy,
        function: &str,
        params: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        let Some(index) = policy.functions.get(function) else {
            wasmtime::bail!("{} has no function {function}", self.interface);
        };
        let limits = StoreLimitsBuilder::new().memory_size(self.memory_bytes).build();
        let mut store = Store::new(policy.ready.engine(), PolicyState { limits });
        store.limiter(|state| &mut state.limits);
        store.set_epoch_deadline(self.deadline_ticks);
        let instance = policy.ready.instantiate_async(&mut store).await?;
        let Some(function) = instance.get_func(&mut store, index) else {
            wasmtime::bail!("{} lost its function {function}", self.interface);
        };
        function.call_async(&mut store, params, results).await
    }
}

/// Answers a component's import of the slot's interface by whatever policy stands in it.
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
                let digest = slot.call(&function, params, results).await?;
                store.data_mut().stamp(&slot.interface, digest);
                Ok(())
            })
        })?;
    }
    Ok(())
}

/// The functions of an interface as a component imports them.
pub(crate) fn imported(
    engine: &Engine,
    component: &Component,
    interface: &str,
) -> Vec<(String, ComponentFunc)> {
    let ty = component.component_type();
    let Some(import) = ty.get_import(engine, interface) else { return Vec::new() };
    let ComponentItem::ComponentInstance(instance) = import.ty else { return Vec::new() };
    let functions = instance.exports(engine).filter_map(|(name, export)| match export.ty {
        ComponentItem::ComponentFunc(function) => Some((name.to_owned(), function)),
        _ => None,
    });
    functions.collect()
}

impl Policy {
    /// Checks a compiled policy against what its callers expect.
    fn fit(
        interface: &str,
        contract: &[(String, ComponentFunc)],
        compiled: &Component,
        digest: Digest,
    ) -> Result<Policy, SwapError> {
        let engine = compiled.engine();
        if let Some(what) = imports::impure(engine, compiled) {
            return Err(SwapError::Impure(what));
        }
        let functions = check_exports(interface, contract, compiled)?;
        let ready = inert_linker(compiled)
            .and_then(|linker| linker.instantiate_pre(compiled))
            .map_err(|error| SwapError::Instantiate(format!("{error:#}")))?;
        Ok(Policy { digest, ready, functions })
    }
}

/// What Rust's standard library imports for printing a panic is there, and traps when it is called.
fn inert_linker(compiled: &Component) -> wasmtime::Result<Linker<PolicyState>> {
    let mut linker = Linker::new(compiled.engine());
    linker.define_unknown_imports_as_traps(compiled)?;
    Ok(linker)
}

fn check_exports(
    interface: &str,
    contract: &[(String, ComponentFunc)],
    compiled: &Component,
) -> Result<BTreeMap<String, ComponentExportIndex>, SwapError> {
    let no_export = || SwapError::NoExport(interface.to_owned());
    let engine = compiled.engine();
    let ty = compiled.component_type();
    let export = ty.get_export(engine, interface).ok_or_else(no_export)?;
    let ComponentItem::ComponentInstance(exported) = export.ty else { return Err(no_export()) };
    let instance = compiled.get_export_index(None, interface).ok_or_else(no_export)?;
    let mut functions = BTreeMap::new();
    for (name, wanted) in contract {
        let missing = || SwapError::NoExport(format!("{interface}#{name}"));
        let found = exported.get_export(engine, name).ok_or_else(missing)?;
        match found.ty {
            ComponentItem::ComponentFunc(found) if same(&found, wanted) => {}
            _ => return Err(SwapError::OtherType(name.clone())),
        }
        let index =
            compiled.get_export_index(Some(&instance), name.as_str()).ok_or_else(missing)?;
        functions.insert(name.clone(), index);
    }
    Ok(functions)
}

fn same(found: &ComponentFunc, wanted: &ComponentFunc) -> bool {
    found.params().eq(wanted.params()) && found.results().eq(wanted.results())
}

#[cfg(test)]
mod tests;
