//! `konf-compose FUNCTION OUT [INTERFACE=POLICY …]`: a function with its policies in one component, put together as Spin
//! does when it loads `dependencies`. Prints what the whole still imports, an interface a line.

use std::process::ExitCode;

use wac_graph::types::{Package, SubtypeChecker, WorldId};
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [function, out, policies @ ..] = &arguments[..] else {
        eprintln!("konf-compose FUNCTION OUT [INTERFACE=POLICY …]");
        return ExitCode::FAILURE;
    };
    match compose(function, out, policies) {
        Ok(imports) => {
            imports.iter().for_each(|import| println!("{import}"));
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Fills each import that is named by the export of the same name, whose type must be a subtype of what is imported, and
/// passes on what the function exports.
fn compose(function: &str, out: &str, policies: &[String]) -> Result<Vec<String>, String> {
    let mut graph = CompositionGraph::new();
    let (function, world) = place(&mut graph, "konf:function", function)?;
    for (number, policy) in policies.iter().enumerate() {
        let (interface, file) = policy.split_once('=').ok_or("a policy is INTERFACE=FILE")?;
        let (policy, policy_world) = place(&mut graph, &format!("konf:policy{number}"), file)?;
        let types = graph.types();
        let wanted = types[world].imports.get(interface);
        let wanted = *wanted.ok_or(format!("dependency {interface} matches no import"))?;
        let given = types[policy_world].exports.get(interface);
        let given = *given.ok_or(format!("{file} exports no {interface}"))?;
        SubtypeChecker::new(&mut Default::default())
            .is_subtype(given, types, wanted, types)
            .map_err(|error| format!("{interface}: {error:#}"))?;
        let export = graph.alias_instance_export(policy, interface).map_err(said)?;
        graph.set_instantiation_argument(function, interface, export).map_err(said)?;
    }
    let exports: Vec<String> = graph.types()[world].exports.keys().cloned().collect();
    for name in exports {
        let export = graph.alias_instance_export(function, &name).map_err(said)?;
        graph.export(export, &name).map_err(said)?;
    }
    let component = graph.encode(EncodeOptions::default()).map_err(said)?;
    std::fs::write(out, component).map_err(said)?;
    let mut whole = CompositionGraph::new();
    let (_, world) = place(&mut whole, "konf:whole", out)?;
    Ok(whole.types()[world].imports.keys().cloned().collect())
}

fn place(
    graph: &mut CompositionGraph,
    name: &str,
    file: &str,
) -> Result<(NodeId, WorldId), String> {
    let component = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    let package = Package::from_bytes(name, None, component, graph.types_mut()).map_err(said)?;
    let world = package.ty();
    let package = graph.register_package(package).map_err(said)?;
    Ok((graph.instantiate(package), world))
}

fn said(error: impl std::fmt::Display) -> String {
    format!("{error:#}")
}
