//! The worlds of `wit/policy.wit`, read from the contract itself: to add one, add it there.
//!
//! Each world exports one interface with one function from one value to another.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;
use wasmtime::component::types::Type;
use wit_parser as wit;

const CONTRACT: &str = include_str!("../../../wit/policy.wit");

/// What a kind of policy is asked, and what it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// Such as `tariff`.
    pub name: String,
    /// Such as `konf:policy/tariff@1.0.0`.
    pub interface: String,
    /// Such as `rate`.
    pub function: String,
    pub input: Shape,
    pub output: Shape,
}

/// All worlds, by name.
pub fn worlds() -> &'static BTreeMap<String, World> {
    static WORLDS: LazyLock<BTreeMap<String, World>> =
        LazyLock::new(|| read(CONTRACT).expect("wit/policy.wit is understood; a test reads it"));
    &WORLDS
}

/// The world of an interface such as `konf:policy/tariff@1.0.0`.
pub fn world_of(interface: &str) -> Option<&'static World> {
    worlds().values().find(|world| world.interface == interface)
}

/// A type without the names of records and variants, which the component model does not compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    Bool,
    Char,
    String,
    Signed(u32),
    Unsigned(u32),
    List(Box<Shape>),
    Option(Box<Shape>),
    Record(Vec<(String, Shape)>),
    Variant(Vec<(String, Option<Shape>)>),
    Enum(Vec<String>),
    /// What no policy's contract has: floats, tuples, results, resources, streams.
    Other(&'static str),
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Bool => f.write_str("bool"),
            Shape::Char => f.write_str("char"),
            Shape::String => f.write_str("string"),
            Shape::Signed(bits) => write!(f, "s{bits}"),
            Shape::Unsigned(bits) => write!(f, "u{bits}"),
            Shape::List(of) => write!(f, "list<{of}>"),
            Shape::Option(of) => write!(f, "option<{of}>"),
            Shape::Record(fields) => {
                let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
                write!(f, "record {{ {} }}", names.join(", "))
            }
            Shape::Variant(cases) => {
                let names: Vec<_> = cases.iter().map(|(name, _)| name.as_str()).collect();
                write!(f, "variant {{ {} }}", names.join(", "))
            }
            Shape::Enum(names) => write!(f, "enum {{ {} }}", names.join(", ")),
            Shape::Other(what) => f.write_str(what),
        }
    }
}

impl Shape {
    /// The first place where `self` is not what is `wanted`, in words; `at` names this place.
    pub(crate) fn difference(&self, wanted: &Shape, at: &str) -> Option<String> {
        match (self, wanted) {
            (Shape::List(found), Shape::List(wanted)) => {
                found.difference(wanted, &format!("each of {at}"))
            }
            (Shape::Option(found), Shape::Option(wanted)) => found.difference(wanted, at),
            (Shape::Record(found), Shape::Record(wanted)) => {
                let part = |(name, shape): &(String, Shape)| (name.clone(), Some(shape.clone()));
                let found: Vec<_> = found.iter().map(part).collect();
                let wanted: Vec<_> = wanted.iter().map(part).collect();
                parts_differ("field", &found, &wanted, at)
            }
            (Shape::Variant(found), Shape::Variant(wanted)) => {
                parts_differ("case", found, wanted, at)
            }
            (Shape::Enum(found), Shape::Enum(wanted)) => {
                let part = |name: &String| (name.clone(), None);
                let found: Vec<_> = found.iter().map(part).collect();
                let wanted: Vec<_> = wanted.iter().map(part).collect();
                parts_differ("case", &found, &wanted, at)
            }
            (found, wanted) if found == wanted => None,
            (found, wanted) => Some(format!("{at} is {found}, and the contract says {wanted}")),
        }
    }
}

type Part = (String, Option<Shape>);

fn parts_differ(kind: &str, found: &[Part], wanted: &[Part], at: &str) -> Option<String> {
    let lacks = |parts: &[Part], name: &str| !parts.iter().any(|(other, _)| other == name);
    if let Some((name, _)) = wanted.iter().find(|(name, _)| lacks(found, name)) {
        return Some(format!("{at} lacks the {kind} {name}"));
    }
    if let Some((name, _)) = found.iter().find(|(name, _)| lacks(wanted, name)) {
        return Some(format!("{at} has a {kind} {name} that the contract does not have"));
    }
    for ((name, found), (expected, wanted)) in found.iter().zip(wanted) {
        if name != expected {
            return Some(format!("{at} has the {kind} {name} where the contract has {expected}"));
        }
        let at = format!("{kind} {name} of {at}");
        match (found, wanted) {
            (Some(found), Some(wanted)) => {
                if let Some(difference) = found.difference(wanted, &at) {
                    return Some(difference);
                }
            }
            (None, None) => {}
            (Some(_), None) => return Some(format!("{at} carries a value, in the contract none")),
            (None, Some(wanted)) => {
                return Some(format!("{at} carries nothing, in the contract {wanted}"));
            }
        }
    }
    None
}

// ── from the contract ───────────────────────────────────────────────────────────────────────────────────────────────

fn read(contract: &str) -> Result<BTreeMap<String, World>, String> {
    let mut resolve = wit::Resolve::new();
    resolve.push_str("policy.wit", contract).map_err(|error| format!("{error:#}"))?;
    let mut worlds = BTreeMap::new();
    for (_, world) in &resolve.worlds {
        for item in world.exports.values() {
            let wit::WorldItem::Interface { id, .. } = item else { continue };
            let world = exported(&resolve, *id)?;
            worlds.insert(world.name.clone(), world);
        }
    }
    Ok(worlds)
}

fn exported(resolve: &wit::Resolve, id: wit::InterfaceId) -> Result<World, String> {
    let interface = &resolve.interfaces[id];
    let name = interface.name.clone().ok_or("an interface without a name")?;
    let full = resolve.id_of(id).ok_or("an interface without a package")?;
    let mut functions = interface.functions.values();
    let (Some(function), None) = (functions.next(), functions.next()) else {
        return Err(format!("{name} has not one function"));
    };
    let ([parameter], Some(result)) = (&function.params[..], &function.result) else {
        return Err(format!("{name} is not from one value to one value"));
    };
    Ok(World {
        name,
        interface: full,
        function: function.name.clone(),
        input: written(resolve, &parameter.ty),
        output: written(resolve, result),
    })
}

fn written(resolve: &wit::Resolve, ty: &wit::Type) -> Shape {
    match ty {
        wit::Type::Bool => Shape::Bool,
        wit::Type::Char => Shape::Char,
        wit::Type::String => Shape::String,
        wit::Type::S8 => Shape::Signed(8),
        wit::Type::S16 => Shape::Signed(16),
        wit::Type::S32 => Shape::Signed(32),
        wit::Type::S64 => Shape::Signed(64),
        wit::Type::U8 => Shape::Unsigned(8),
        wit::Type::U16 => Shape::Unsigned(16),
        wit::Type::U32 => Shape::Unsigned(32),
        wit::Type::U64 => Shape::Unsigned(64),
        wit::Type::F32 | wit::Type::F64 => Shape::Other("a float"),
        wit::Type::ErrorContext => Shape::Other("an error context"),
        wit::Type::Id(id) => named(resolve, &resolve.types[*id].kind),
    }
}

fn named(resolve: &wit::Resolve, kind: &wit::TypeDefKind) -> Shape {
    use wit::TypeDefKind as Kind;
    let shape = |ty: &wit::Type| written(resolve, ty);
    match kind {
        Kind::Type(ty) => shape(ty),
        Kind::List(of) => Shape::List(Box::new(shape(of))),
        Kind::Option(of) => Shape::Option(Box::new(shape(of))),
        Kind::Record(record) => {
            let fields = record.fields.iter();
            Shape::Record(fields.map(|field| (field.name.clone(), shape(&field.ty))).collect())
        }
        Kind::Variant(variant) => {
            let cases = variant.cases.iter();
            Shape::Variant(cases.map(|c| (c.name.clone(), c.ty.as_ref().map(shape))).collect())
        }
        Kind::Enum(cases) => Shape::Enum(cases.cases.iter().map(|c| c.name.clone()).collect()),
        other => Shape::Other(other.as_str()),
    }
}

// ── from a component ────────────────────────────────────────────────────────────────────────────────────────────────

/// A component's own type.
pub(crate) fn compiled(ty: &Type) -> Shape {
    match ty {
        Type::Bool => Shape::Bool,
        Type::Char => Shape::Char,
        Type::String => Shape::String,
        Type::S8 => Shape::Signed(8),
        Type::S16 => Shape::Signed(16),
        Type::S32 => Shape::Signed(32),
        Type::S64 => Shape::Signed(64),
        Type::U8 => Shape::Unsigned(8),
        Type::U16 => Shape::Unsigned(16),
        Type::U32 => Shape::Unsigned(32),
        Type::U64 => Shape::Unsigned(64),
        Type::Float32 | Type::Float64 => Shape::Other("a float"),
        Type::List(list) => Shape::List(Box::new(compiled(&list.ty()))),
        Type::Option(option) => Shape::Option(Box::new(compiled(&option.ty()))),
        Type::Record(record) => {
            let fields = record.fields();
            Shape::Record(fields.map(|f| (f.name.to_owned(), compiled(&f.ty))).collect())
        }
        Type::Variant(variant) => {
            let cases = variant.cases();
            let case = |c: wasmtime::component::types::Case<'_>| {
                (c.name.to_owned(), c.ty.as_ref().map(compiled))
            };
            Shape::Variant(cases.map(case).collect())
        }
        Type::Enum(cases) => Shape::Enum(cases.names().map(str::to_owned).collect()),
        Type::Tuple(_) => Shape::Other("a tuple"),
        Type::Result(_) => Shape::Other("a result"),
        Type::Flags(_) => Shape::Other("a set of flags"),
        Type::Map(_) => Shape::Other("a map"),
        Type::FixedLengthList(_) => Shape::Other("a list of fixed length"),
        Type::Own(_) | Type::Borrow(_) => Shape::Other("a resource"),
        Type::Future(_) | Type::Stream(_) => Shape::Other("a stream"),
        Type::ErrorContext => Shape::Other("an error context"),
    }
}

#[cfg(test)]
mod tests;
