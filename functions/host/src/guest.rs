//! What stands behind one running instance of a function: its small share of the world, gone with the request.

use crate::app::Function;
use crate::imports::VARIABLES;
use crate::logs::Printed;
use crate::send::Outgoing;
use crate::{Digest, Limits};
use konf_api::policy::About;
use std::sync::Arc;
use wasmtime::component::{ComponentType, Lift, Linker, Lower, ResourceTable};
use wasmtime::{Engine, StoreContextMut, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// Streams, bodies, header sets and pending requests that one instance may hold. An honest request holds a few dozen;
/// this bounds what a loop can take from the host's own memory and how many requests it can have under way.
const RESOURCES_MAX: usize = 1_024;

pub(crate) struct Guest {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    pub(crate) limits: StoreLimits,
    out: Outgoing,
}

impl Guest {
    /// No files, no environment, no arguments, no sockets; what it prints goes to the log.
    pub(crate) fn new(name: &Arc<str>, limits: &Limits, out: Outgoing) -> Guest {
        let wasi = WasiCtxBuilder::new()
            .stdout(Printed::new(name.clone(), "stdout"))
            .stderr(Printed::new(name.clone(), "stderr"))
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        let limits = StoreLimitsBuilder::new().memory_size(limits.memory_bytes).build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        Guest { table, wasi, http: WasiHttpCtx::new(), limits, out }
    }

    /// The conference that is talked of.
    pub(crate) fn about(&self) -> About {
        self.out.about()
    }

    /// Every request that the component sends from now on says that it called this policy.
    pub(crate) fn stamp(&mut self, interface: &str, digest: Digest) {
        self.out.stamp(interface, digest);
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
    let function: &Function = store.data().out.function();
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
