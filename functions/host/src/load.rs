//! From a manifest to an application at work: compile, check, fill the slots, link.

use crate::app::{App, Function};
use crate::engine::{self, Compiler};
use crate::manifest::{self, Plan};
use crate::outbound::normal_authority;
use crate::place::{FUNCTION_BYTES_MAX, InFlight, Place};
use crate::slot::{self, Slot};
use crate::{Digest, LoadError, Settings, SwapError, guest, imports};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi_http::p2::bindings::ProxyPre;

pub(crate) fn load(settings: Settings) -> Result<App, LoadError> {
    let manifest = manifest::read(&settings)?;
    let engine = engine::start(&settings.limits)?;
    let compiler = Compiler::new(engine, settings.cache_dir.as_deref());
    let compiled = compile_all(&compiler, &manifest.components)?;
    for plan in &manifest.components {
        let component = &compiled[&plan.source].component;
        imports::check_function(compiler.engine(), component, plan.policies.keys())
            .map_err(|why| refused(plan, why))?;
    }
    let slots = fill_slots(&settings, &compiler, &manifest.components, &compiled)?;
    let lent = guest::linker(compiler.engine())
        .map_err(|error| LoadError::Engine(format!("{error:#}")))?;
    let functions = link_all(&lent, manifest.components, &compiled, &slots)?;
    let internal = settings.internal.into_iter();
    Ok(App {
        name: manifest.name,
        limits: settings.limits,
        routes: manifest.routes,
        functions,
        lent,
        slots,
        internal: internal.map(|(name, service)| (normal_authority(&name), service)).collect(),
        turns: Semaphore::new(settings.limits.concurrency),
        chained_turns: Semaphore::new(settings.limits.concurrency),
        room: Arc::new(Semaphore::new(settings.limits.concurrency)),
        compiler,
    })
}

fn refused(plan: &Plan, why: String) -> LoadError {
    LoadError::Component { component: plan.name.clone(), why }
}

// ── compile ─────────────────────────────────────────────────────────────────────────────────────────────────────────

struct Compiled {
    digest: Digest,
    component: Component,
    bytes: Arc<[u8]>,
}

/// Every file that the manifest names, each once, all at the same time.
fn compile_all(
    compiler: &Compiler,
    plans: &[Plan],
) -> Result<BTreeMap<PathBuf, Compiled>, LoadError> {
    let paths: BTreeSet<&PathBuf> =
        plans.iter().flat_map(|plan| plan.policies.values().chain([&plan.source])).collect();
    std::thread::scope(|scope| {
        let start = |path: &'_ PathBuf| {
            let path = path.clone();
            scope.spawn(move || Ok((path.clone(), compile(compiler, &path)?)))
        };
        let threads: Vec<_> = paths.into_iter().map(start).collect();
        let panicked = || Err(LoadError::Engine("the compiler panicked".into()));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| panicked())).collect()
    })
}

fn compile(compiler: &Compiler, path: &Path) -> Result<Compiled, LoadError> {
    let bytes =
        std::fs::read(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
    let digest = Digest::of(&bytes);
    match compiler.compile(&bytes, &digest) {
        Ok(component) => Ok(Compiled { digest, component, bytes: bytes.into() }),
        Err(why) => Err(LoadError::Component {
            component: path.display().to_string(),
            why: format!("it is not a WebAssembly component that this host can compile: {why}"),
        }),
    }
}

// ── slots ───────────────────────────────────────────────────────────────────────────────────────────────────────────

type Slots = BTreeMap<String, Arc<Slot>>;

/// One slot for each interface, however many components call it.
fn fill_slots(
    settings: &Settings,
    compiler: &Compiler,
    plans: &[Plan],
    compiled: &BTreeMap<PathBuf, Compiled>,
) -> Result<Slots, LoadError> {
    let mut wanted = BTreeMap::<&str, (&PathBuf, Vec<_>)>::new();
    for plan in plans {
        for (interface, path) in &plan.policies {
            let (first, contract) = wanted.entry(interface).or_insert((path, Vec::new()));
            if *first != path {
                let why = format!(
                    "it names {} for {interface}, and another component names {}: an interface has one slot",
                    path.display(),
                    first.display()
                );
                return Err(refused(plan, why));
            }
            let component = &compiled[&plan.source].component;
            contract.extend(slot::imported(compiler.engine(), component, interface));
        }
    }
    let fill = |(interface, (path, contract)): (&str, (&PathBuf, Vec<_>))| {
        let policy = &compiled[path];
        let (default, witness) =
            ((&policy.component, policy.bytes.clone()), settings.witness.clone());
        Slot::new(interface, contract, &settings.limits, default, policy.digest, witness)
            .map(|slot| (interface.to_owned(), Arc::new(slot)))
            .map_err(|why| LoadError::Policy { interface: interface.to_owned(), why })
    };
    wanted.into_iter().map(fill).collect()
}

// ── link ────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn link_all(
    lent: &Linker<guest::Guest>,
    plans: Vec<Plan>,
    compiled: &BTreeMap<PathBuf, Compiled>,
    slots: &Slots,
) -> Result<BTreeMap<String, Place>, LoadError> {
    let link = |plan: Plan| {
        let compiled = &compiled[&plan.source];
        let ready = link_one(lent, plan.policies.keys(), &compiled.component, slots)
            .map_err(|error| refused(&plan, format!("it can't be instantiated: {error:#}")))?;
        let function = Function {
            name: plan.name.as_str().into(),
            digest: compiled.digest,
            ready,
            variables: plan.variables,
            outbound: plan.outbound,
            policies: plan.policies.into_keys().collect(),
            limits: plan.limits,
            in_flight: InFlight::default(),
            shelf: Arc::default(),
        };
        Ok((plan.name, Place::new(function)))
    };
    plans.into_iter().map(link).collect()
}

fn link_one<'a>(
    lent: &Linker<guest::Guest>,
    policies: impl Iterator<Item = &'a String>,
    component: &Component,
    slots: &Slots,
) -> wasmtime::Result<ProxyPre<guest::Guest>> {
    let mut linker = lent.clone();
    for interface in policies {
        slot::link(&slots[interface], component, &mut linker)?;
    }
    ProxyPre::new(linker.instantiate_pre(component)?)
}

/// Another component for a place, under what the manifest gives the one that stands there.
pub(crate) fn replacement(app: &App, place: &Place, bytes: &[u8]) -> Result<Function, SwapError> {
    if bytes.len() > FUNCTION_BYTES_MAX {
        return Err(SwapError::TooLarge { found: bytes.len(), limit: FUNCTION_BYTES_MAX });
    }
    let before = place.default();
    let digest = Digest::of(bytes);
    let component = app.compiler.compile(bytes, &digest).map_err(SwapError::NotAComponent)?;
    let engine = app.compiler.engine();
    imports::check_function(engine, &component, before.policies.iter())
        .map_err(SwapError::Misfit)?;
    for interface in &before.policies {
        if !app.slots[interface].fits(&slot::imported(engine, &component, interface)) {
            let why = format!("it knows {interface} otherwise than the policies that stand there");
            return Err(SwapError::Misfit(why));
        }
    }
    let ready = link_one(&app.lent, before.policies.iter(), &component, &app.slots)
        .map_err(|error| SwapError::Instantiate(format!("{error:#}")))?;
    Ok(Function {
        name: before.name.clone(),
        digest,
        ready,
        variables: before.variables.clone(),
        outbound: before.outbound.clone(),
        policies: before.policies.clone(),
        limits: before.limits,
        in_flight: InFlight::default(),
        shelf: Arc::default(),
    })
}
