//! Values of the component model as JSON: records are objects with the contract's names, a case without a value is its
//! name, one with a value an object with one field, none is null.

use crate::world::Shape;
use serde_json::{Map, Number, Value, json};
use wasmtime::component::Val;

pub(crate) fn to_json(value: &Val) -> Value {
    match value {
        Val::Bool(value) => json!(value),
        Val::Char(value) => json!(value),
        Val::String(value) => json!(value),
        Val::S8(value) => json!(value),
        Val::S16(value) => json!(value),
        Val::S32(value) => json!(value),
        Val::S64(value) => json!(value),
        Val::U8(value) => json!(value),
        Val::U16(value) => json!(value),
        Val::U32(value) => json!(value),
        Val::U64(value) => json!(value),
        Val::List(values) => values.iter().map(to_json).collect(),
        Val::Option(None) => Value::Null,
        Val::Option(Some(value)) => to_json(value),
        Val::Record(fields) => Value::Object(
            fields.iter().map(|(name, value)| (name.clone(), to_json(value))).collect(),
        ),
        Val::Variant(name, Some(value)) => {
            Value::Object(Map::from_iter([(name.clone(), to_json(value))]))
        }
        Val::Variant(name, None) | Val::Enum(name) => json!(name),
        // No contract has them (`world::Shape::Other`).
        _ => Value::Null,
    }
}

/// What is wrong is named by its place in the value.
pub(crate) fn from_json(value: &Value, shape: &Shape) -> Result<Val, String> {
    read(value, shape, "the value")
}

fn read(value: &Value, shape: &Shape, at: &str) -> Result<Val, String> {
    let wrong = || format!("{at} is no {shape}");
    Ok(match shape {
        Shape::Bool => Val::Bool(value.as_bool().ok_or_else(wrong)?),
        Shape::String => Val::String(value.as_str().ok_or_else(wrong)?.to_owned()),
        Shape::Char => {
            let mut chars = value.as_str().ok_or_else(wrong)?.chars();
            match (chars.next(), chars.next()) {
                (Some(only), None) => Val::Char(only),
                _ => return Err(wrong()),
            }
        }
        Shape::Signed(bits) => signed(value, *bits).ok_or_else(wrong)?,
        Shape::Unsigned(bits) => unsigned(value, *bits).ok_or_else(wrong)?,
        Shape::List(of) => {
            let values = value.as_array().ok_or_else(wrong)?.iter().enumerate();
            let values = values.map(|(i, value)| read(value, of, &format!("{at}[{i}]")));
            Val::List(values.collect::<Result<_, _>>()?)
        }
        Shape::Option(_) if value.is_null() => Val::Option(None),
        Shape::Option(of) => Val::Option(Some(Box::new(read(value, of, at)?))),
        Shape::Record(fields) => record(value.as_object().ok_or_else(wrong)?, fields, at)?,
        Shape::Enum(names) => {
            let name = value.as_str().filter(|name| names.iter().any(|known| known == name));
            Val::Enum(name.ok_or_else(wrong)?.to_owned())
        }
        Shape::Variant(cases) => variant(value, cases, at).ok_or_else(wrong)??,
        Shape::Other(_) => return Err(wrong()),
    })
}

fn signed(value: &Value, bits: u32) -> Option<Val> {
    let value = value.as_number().and_then(Number::as_i64)?;
    Some(match bits {
        8 => Val::S8(value.try_into().ok()?),
        16 => Val::S16(value.try_into().ok()?),
        32 => Val::S32(value.try_into().ok()?),
        _ => Val::S64(value),
    })
}

fn unsigned(value: &Value, bits: u32) -> Option<Val> {
    let value = value.as_number().and_then(Number::as_u64)?;
    Some(match bits {
        8 => Val::U8(value.try_into().ok()?),
        16 => Val::U16(value.try_into().ok()?),
        32 => Val::U32(value.try_into().ok()?),
        _ => Val::U64(value),
    })
}

/// A field that is left out is none, if it may be.
fn record(given: &Map<String, Value>, fields: &[(String, Shape)], at: &str) -> Result<Val, String> {
    if let Some(name) = given.keys().find(|name| !fields.iter().any(|(known, _)| known == *name)) {
        return Err(format!("{at} has a field {name}, which the contract does not have"));
    }
    let read_field = |(name, shape): &(String, Shape)| {
        let value = match (given.get(name), shape) {
            (Some(value), _) => value,
            (None, Shape::Option(_)) => &Value::Null,
            (None, _) => return Err(format!("{at} lacks the field {name}")),
        };
        Ok((name.clone(), read(value, shape, &format!("field {name} of {at}"))?))
    };
    Ok(Val::Record(fields.iter().map(read_field).collect::<Result<_, _>>()?))
}

fn variant(
    value: &Value,
    cases: &[(String, Option<Shape>)],
    at: &str,
) -> Option<Result<Val, String>> {
    let (name, carried) = match value {
        Value::String(name) => (name, None),
        Value::Object(fields) if fields.len() == 1 => {
            let (name, value) = fields.iter().next()?;
            (name, Some(value))
        }
        _ => return None,
    };
    let (_, shape) = cases.iter().find(|(known, _)| known == name)?;
    match (shape, carried) {
        (None, None) => Some(Ok(Val::Variant(name.clone(), None))),
        (Some(shape), Some(value)) => Some(
            read(value, shape, &format!("case {name} of {at}"))
                .map(|value| Val::Variant(name.clone(), Some(Box::new(value)))),
        ),
        _ => None,
    }
}

/// About as many bytes as the host holds for a value.
pub(crate) fn size(value: &Val) -> usize {
    let inside = match value {
        Val::String(text) => text.len(),
        Val::List(values) => values.iter().map(size).sum(),
        Val::Record(fields) => fields.iter().map(|(name, value)| name.len() + size(value)).sum(),
        Val::Variant(name, Some(value)) => name.len() + size(value),
        Val::Option(Some(value)) => size(value),
        _ => 0,
    };
    inside + size_of::<Val>()
}

#[cfg(test)]
mod tests {
    use super::{from_json, size, to_json};
    use crate::world::worlds;
    use serde_json::json;
    use wasmtime::component::Val;

    #[test]
    fn facts_come_back_as_they_were() {
        let admission = &worlds()["admission"];
        let facts = json!({
            "now-ms": i64::MIN, "starts-ms": 0, "ends-ms": i64::MAX, "state": "ended", "grace-min": u32::MAX,
            "seats": 1, "seats-taken": 2, "matched": "organiser", "returning": true, "wrong-by-caller": 0,
            "wrong-by-trunk": 0, "wrong-by-conference": 0, "known-caller": false
        });
        let value = from_json(&facts, &admission.input).unwrap();
        assert_eq!(to_json(&value), facts);
        for verdict in [json!({ "admit": "organiser" }), json!("full")] {
            assert_eq!(to_json(&from_json(&verdict, &admission.output).unwrap()), verdict);
        }
        let mut unmatched = facts.clone();
        unmatched.as_object_mut().unwrap().remove("matched");
        let value = from_json(&unmatched, &admission.input).unwrap();
        assert!(to_json(&value)["matched"].is_null());
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_place() {
        let tariff = &worlds()["tariff"];
        let leg = json!({ "network": "x", "mobile": true, "answered-ms": 0, "duration-ms": 1 });
        assert!(from_json(&leg, &tariff.input).is_ok());
        let why = |field: &str, value: serde_json::Value| {
            let mut leg = leg.clone();
            leg[field] = value;
            from_json(&leg, &tariff.input).unwrap_err()
        };
        assert_eq!(why("duration-ms", json!(-1)), "field duration-ms of the value is no u64");
        assert_eq!(why("answered-ms", json!(0.5)), "field answered-ms of the value is no s64");
        assert_eq!(
            why("colour", json!(1)),
            "the value has a field colour, which the contract does not have"
        );
        assert_eq!(
            from_json(&json!({ "network": "x" }), &tariff.input).unwrap_err(),
            "the value lacks the field mobile"
        );
        let admission = &worlds()["admission"];
        for bad in [json!("admit"), json!({ "full": 1 }), json!({ "admit": "king" }), json!(1)] {
            assert!(from_json(&bad, &admission.output).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_value_is_at_least_as_large_as_its_texts() {
        let text = Val::String("x".repeat(1000));
        let list = Val::List(vec![text.clone(), text]);
        assert!(size(&Val::Record(vec![("a".into(), list)])) >= 2000);
    }
}
