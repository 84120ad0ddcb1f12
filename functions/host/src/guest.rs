//! What stands behind one running instance of a function: its small share of the world.

use crate::app::Function;
use crate::imports::VARIABLES;
use crate::logs::{Printed, Printing};
use crate::send::{Outgoing, Sender};
use crate::{Digest, Limits};
use konf_api::policy::About;
use std::sync::Arc;
use wasmtime::component::{ComponentType, Lift, Linker, Lower, ResourceTable};
use wasmtime::{Engine, ResourceLimiter, StoreContextMut, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// Streams, bodies, header sets and pending requests that one instance may hold. An honest request holds a few dozen;
/// this bounds what a loop can take from the host's own memory and how many requests it can have under way.
const RESOURCES_MAX: usize = 1_024;

/// An instance that has taken more is not put aside: a Rust guest has 1.1 MB, and one that once read a long message need
/// not hold it from then on.
const KEPT_BYTES_MAX: usize = 4 << 20;

pub(crate) struct Guest {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    pub(crate) memory: Memory,
    out: Sender,
    printed: [Printing; 2],
}

impl Guest {
    /// No files, no environment, no arguments, no sockets; what it prints goes to the log.
    pub(crate) fn new(name: &Arc<str>, limits: &Limits) -> Guest {
        let printed = [Printing::default(), Printing::default()];
        let [out, err] = &printed;
        let wasi = WasiCtxBuilder::new()
            .stdout(Printed::new(name.clone(), "stdout", out))
            .stderr(Printed::new(name.clone(), "stderr", err))
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        let limits = StoreLimitsBuilder::new().memory_size(limits.memory_bytes).build();
        let memory = Memory { limits, taken: 0 };
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        Guest { table, wasi, http: WasiHttpCtx::new(), memory, out: Sender::default(), printed }
    }

    /// What the instance does from now on, it does for this request.
    pub(crate) fn begin_request(&mut self, out: Outgoing) {
        self.out = Sender::of(out);
        self.printed.iter().for_each(Printing::begin_request);
    }

    /// From now on it does nothing. Whether nothing of the request is left in it.
    pub(crate) fn end_request(&mut self) -> bool {
        self.out = Sender::default();
        self.table.is_empty() && self.memory.taken <= KEPT_BYTES_MAX
    }

    /// The conference that is talked of.
    pub(crate) fn about(&self) -> About {
        self.out.request().map(Outgoing::about).unwrap_or_default()
    }

    /// Every request that the component sends from now on says that it called this policy.
    pub(crate) fn stamp(&mut self, interface: &str, digest: Digest) {
        self.out.stamp(interface, digest);
    }
}

/// The limit of an instance's memory, and what it has taken.
pub(crate) struct Memory {
    limits: StoreLimits,
    taken: usize,
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let may_grow = self.limits.memory_growing(current, desired, maximum)?;
        if may_grow {
            self.taken += desired.saturating_sub(current);
        }
        Ok(may_grow)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.limits.table_growing(current, desired, maximum)
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.out }
    }
}

/// All that a function may be lent; [`crate::imports`] decides what a component may ask for.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    linker.instance(VARIABLES)?.func_wrap("get", variable)?;
    Ok(linker)
}

/// `fermyon:spin/variables.error`.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum VariableError {
    #[component(name = "invalid-name")]
    InvalidName(String),
    #[component(name = "undefined")]
    Undefined(String),
    #[component(name = "provider")]
    Provider(String),
    #[component(name = "other")]
    Other(String),
}

type Got = (Result<String, VariableError>,);

fn variable(store: StoreContextMut<'_, Guest>, (name,): (String,)) -> wasmtime::Result<Got> {
    let Some(request) = store.data().out.request() else {
        return Ok((Err(VariableError::Other("there is no request".into())),));
    };
    let function: &Function = request.function();
    let value = match crate::template::check_name(&name) {
        Err(why) => Err(VariableError::InvalidName(why)),
        Ok(()) => function.variables.get(&name).cloned().ok_or_else(|| {
            VariableError::Undefined(format!(
                "the manifest gives {} no variable {name}",
                function.name
            ))
        }),
    };
    Ok((value,))
}
