//! What is missing in a component, or too much, for it to stand as a policy: in sentences, and all of it at once.

use crate::policy::POLICY_BYTES_MAX;
use crate::world::{self, World, compiled, worlds};
use crate::{Digest, imports};
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;
use wasmtime::{Config, Engine};

/// Every policy's interface is in this package.
const PACKAGE: &str = "konf:policy/";

/// What [`check`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub digest: Digest,
    pub size_bytes: usize,
    /// As its exports say; absent when they name none that is known.
    pub world: Option<&'static World>,
    /// Sentences. None: it may stand in the slot of its world.
    pub faults: Vec<String>,
    /// What its language's runtime imports and a policy never gets: there, and it traps when it is called.
    pub inert: Vec<String>,
    /// Functions that its language's runtime leaves among its exports: nobody calls them.
    pub uncalled: Vec<String>,
}

/// Looks at a policy without running it. `wanted` is the world that it is meant for; without it the exports decide.
/// Compiles the component, which takes about 0.2 s.
pub fn check(component: &[u8], wanted: Option<&str>) -> Report {
    let mut report = Report {
        digest: Digest::of(component),
        size_bytes: component.len(),
        world: None,
        faults: Vec::new(),
        inert: Vec::new(),
        uncalled: Vec::new(),
    };
    if let Err(fault) = look(component, wanted, &mut report) {
        report.faults.push(fault);
    }
    report
}

/// An error is what keeps from looking further.
fn look(bytes: &[u8], wanted: Option<&str>, report: &mut Report) -> Result<(), String> {
    if let Some(name) = wanted.filter(|name| !worlds().contains_key(*name)) {
        return Err(format!("There is no world {name}: known are {}.", known()));
    }
    if bytes.len() > POLICY_BYTES_MAX {
        let found = bytes.len();
        return Err(format!(
            "It has {found} bytes, and a policy may have at most {POLICY_BYTES_MAX}: build it with --release and strip it."
        ));
    }
    let engine = Engine::new(&Config::new()).map_err(|error| format!("{error:#}"))?;
    let compiled =
        Component::from_binary(&engine, bytes).map_err(|error| what_else(bytes, &error))?;
    look_at_imports(&engine, &compiled, report);
    look_at_exports(&engine, &compiled, wanted, report);
    Ok(())
}

/// The world of a compiled policy that fits it; otherwise all faults.
pub(crate) fn world_of(engine: &Engine, component: &Component) -> Result<&'static World, String> {
    let mut report = Report {
        digest: Digest([0; 32]),
        size_bytes: 0,
        world: None,
        faults: Vec::new(),
        inert: Vec::new(),
        uncalled: Vec::new(),
    };
    look_at_imports(engine, component, &mut report);
    look_at_exports(engine, component, None, &mut report);
    match (report.world, &report.faults[..]) {
        (Some(world), []) => Ok(world),
        (_, faults) => Err(faults.join(" ")),
    }
}

fn known() -> String {
    worlds().keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The common mistakes first; a binary's kind is the `layer` in its eight bytes of preamble (component model, Binary.md).
fn what_else(bytes: &[u8], error: &wasmtime::Error) -> String {
    match bytes.get(..8) {
        Some(b"\0asm\x01\0\0\0") => {
            "It is a core WebAssembly module and no component: build it for wasm32-wasip2, or \
            wrap it with `wasm-tools component new`."
                .to_owned()
        }
        Some([0, b'a', b's', b'm', ..]) => format!("It is not a valid component: {error:#}."),
        _ => "It is not WebAssembly.".to_owned(),
    }
}

fn look_at_imports(engine: &Engine, component: &Component, report: &mut Report) {
    let ty = component.component_type();
    for (name, _) in ty.imports(engine) {
        if imports::is_inert(name) {
            report.inert.push(name.to_owned());
        } else {
            report.faults.push(format!(
                "It imports {}, and a policy is pure: no clock, no randomness, no network, no files.",
                imports::in_words(name)
            ));
        }
    }
}

fn look_at_exports(
    engine: &Engine,
    component: &Component,
    wanted: Option<&str>,
    report: &mut Report,
) {
    let ty = component.component_type();
    let mut found = Vec::new();
    for (name, export) in ty.exports(engine) {
        match (name.starts_with(PACKAGE), export.ty) {
            (true, ComponentItem::ComponentInstance(instance)) => found.push((name, instance)),
            // An interface is meant to be called, by whom it was written for; a mere function may be the means of a
            // language's tools, such as `init` of QuickJS, which has done its work when the component is made.
            (false, ComponentItem::ComponentFunc(_)) => report.uncalled.push(name.to_owned()),
            _ => {
                report.faults.push(format!("It exports {name}, which nobody calls: leave it out."))
            }
        }
    }
    if let Some(wanted) = wanted {
        let interface = &worlds()[wanted].interface;
        if !found.iter().any(|(name, _)| name == interface) {
            report.faults.push(format!(
                "It does not export {interface}, the interface of the world {wanted}."
            ));
        }
    } else if found.is_empty() {
        report.faults.push(format!(
            "It exports no interface of konf:policy; the worlds are {}. Does your crate say `export!(…)`?",
            known()
        ));
    }
    if found.len() > 1 {
        let names: Vec<_> = found.iter().map(|(name, _)| *name).collect();
        report.faults.push(format!(
            "It exports {}: a policy has one world, so make a component of each.",
            names.join(" and ")
        ));
    }
    for (name, instance) in found {
        let Some(world) = world::world_of(name) else {
            report.faults.push(unknown(name));
            continue;
        };
        report.world.get_or_insert(world);
        report.faults.extend(function_fault(engine, world, &instance));
    }
}

fn unknown(interface: &str) -> String {
    let name = interface.strip_prefix(PACKAGE).unwrap_or(interface);
    match name.split_once('@').and_then(|(name, _)| worlds().get(name)) {
        Some(world) => format!("It exports {interface}, and this Konf has {}.", world.interface),
        None => format!(
            "It exports {interface}, which this Konf does not have; the worlds are {}.",
            known()
        ),
    }
}

fn function_fault(
    engine: &Engine,
    world: &World,
    instance: &wasmtime::component::types::ComponentInstance,
) -> Option<String> {
    let World { interface, function, input, output, .. } = world;
    let Some(export) = instance.get_export(engine, function) else {
        return Some(format!("Its {interface} has no function {function}."));
    };
    let ComponentItem::ComponentFunc(found) = export.ty else {
        return Some(format!(
            "Its {interface} has something else than a function under {function}."
        ));
    };
    let inputs: Vec<_> = found.params().map(|(_, ty)| compiled(&ty)).collect();
    let outputs: Vec<_> = found.results().map(|ty| compiled(&ty)).collect();
    let difference = match (&inputs[..], &outputs[..]) {
        ([found_input], [found_output]) => found_input
            .difference(input, "the parameter")
            .or_else(|| found_output.difference(output, "the result")),
        _ => Some("it is not from one value to one value".to_owned()),
    };
    difference.map(|difference| {
        format!("Its function {function} does not fit {interface}: {difference}.")
    })
}

#[cfg(test)]
mod tests;
