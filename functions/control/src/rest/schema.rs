//! Whether a value is what a schema describes: the schema that stands in the OpenAPI document judges what comes in, so that
//! neither can say something else than the other.
//!
//! Those keywords of JSON Schema 2020-12 are understood that the types here lead to ([`KEYWORDS`]); a test holds the
//! document to them.

use serde_json::{Map, Value};

use super::problem::Fault;

/// What [`check`] judges by, or what only describes.
#[cfg(test)]
pub(crate) const KEYWORDS: [&str; 24] = [
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "default",
    "deprecated",
    "description",
    "enum",
    "example",
    "examples",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
];

/// So deep nests no body that is understood.
const DEPTH_MAX: usize = 16;
/// So many mistakes are told at once.
const FAULTS_MAX: usize = 20;

/// Everything that is wrong with `value`, up to twenty items. `named` are the schemas that others refer to.
pub(crate) fn check(value: &Value, schema: &Value, named: &Map<String, Value>) -> Vec<Fault> {
    let mut check = Check { named, faults: Vec::new() };
    check.value(value, schema, "", 0);
    check.faults
}

struct Check<'a> {
    named: &'a Map<String, Value>,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn wrong(&mut self, at: &str, detail: impl Into<String>) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault::at(at, detail));
        }
    }

    fn value(&mut self, value: &Value, schema: &Value, at: &str, depth: usize) {
        if depth > DEPTH_MAX {
            return self.wrong(at, "this nests too deep");
        }
        let Value::Object(rules) = schema else { return };
        if let Some(name) = rules.get("$ref").and_then(Value::as_str) {
            let name = name.rsplit('/').next().unwrap_or_default();
            if let Some(schema) = self.named.get(name) {
                self.value(value, schema, at, depth + 1);
            }
        }
        for word in ["anyOf", "oneOf"] {
            if let Some(Value::Array(ways)) = rules.get(word) {
                self.one_of(value, ways, at, depth);
            }
        }
        if !self.has_type(value, rules, at) {
            return;
        }
        if let Some(right) = rules.get("const").filter(|right| *right != value) {
            self.wrong(at, format!("expected {right}"));
        }
        if let Some(Value::Array(words)) = rules.get("enum")
            && !words.contains(value)
        {
            self.wrong(at, format!("expected one of {}", list(words)));
        }
        match value {
            Value::Number(number) => self.number(number, rules, at),
            Value::String(text) => self.text(text, rules, at),
            Value::Array(items) => self.items(items, rules, at, depth),
            Value::Object(fields) => self.fields(fields, rules, at, depth),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// What is wrong is told of the way that comes nearest: wrong not as a whole, and in the fewest places.
    fn one_of(&mut self, value: &Value, ways: &[Value], at: &str, depth: usize) {
        let whole = format!("#{at}");
        let mut nearest: Option<((bool, usize), Vec<Fault>)> = None;
        for way in ways {
            let mut check = Check { named: self.named, faults: Vec::new() };
            check.value(value, way, at, depth + 1);
            let Some(first) = check.faults.first() else { return };
            let far = (first.pointer.as_ref() == Some(&whole), check.faults.len());
            if nearest.as_ref().is_none_or(|(known, _)| far < *known) {
                nearest = Some((far, check.faults));
            }
        }
        let words: Option<Vec<Value>> = ways.iter().map(|way| way.get("const").cloned()).collect();
        match (words, nearest) {
            (Some(words), _) => self.wrong(at, format!("expected one of {}", list(&words))),
            (None, nearest) => {
                self.faults.extend(nearest.map(|(_, faults)| faults).unwrap_or_default());
            }
        }
    }

    fn has_type(&mut self, value: &Value, rules: &Map<String, Value>, at: &str) -> bool {
        let types: Vec<&str> = match rules.get("type") {
            None => return true,
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            Some(one) => one.as_str().into_iter().collect(),
        };
        let right = types.iter().any(|kind| match *kind {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        });
        if !right {
            let types: Vec<&str> = types.into_iter().filter(|kind| *kind != "null").collect();
            self.wrong(at, format!("expected {}", types.join(" or ")));
        }
        right
    }

    fn number(&mut self, number: &serde_json::Number, rules: &Map<String, Value>, at: &str) {
        let is = number.as_f64().unwrap_or_default();
        let bound = |word| rules.get(word).and_then(Value::as_f64);
        let (least, most) = (bound("minimum"), bound("maximum"));
        if least.is_some_and(|least| is < least) || most.is_some_and(|most| is > most) {
            self.wrong(at, format!("expected {}", span(least, most)));
        }
    }

    fn text(&mut self, text: &str, rules: &Map<String, Value>, at: &str) {
        let length = text.chars().count() as f64;
        let bound = |word| rules.get(word).and_then(Value::as_f64);
        let (least, most) = (bound("minLength"), bound("maxLength"));
        if least.is_some_and(|least| length < least) || most.is_some_and(|most| length > most) {
            self.wrong(at, format!("expected {} characters", span(least, most)));
        }
        if rules.get("format").and_then(Value::as_str) == Some("date-time")
            && super::time::instant(text).is_none()
        {
            self.wrong(at, "expected a time with its offset such as 2027-07-09T14:00:00+02:00");
        }
    }

    fn items(&mut self, items: &[Value], rules: &Map<String, Value>, at: &str, depth: usize) {
        let bound = |word| rules.get(word).and_then(Value::as_f64);
        let (least, most) = (bound("minItems"), bound("maxItems"));
        let length = items.len() as f64;
        if least.is_some_and(|least| length < least) || most.is_some_and(|most| length > most) {
            return self.wrong(at, format!("expected {} items", span(least, most)));
        }
        let Some(schema) = rules.get("items") else { return };
        for (index, item) in items.iter().enumerate() {
            self.value(item, schema, &format!("{at}/{index}"), depth + 1);
        }
    }

    fn fields(
        &mut self,
        fields: &Map<String, Value>,
        rules: &Map<String, Value>,
        at: &str,
        depth: usize,
    ) {
        let known = rules.get("properties").and_then(Value::as_object);
        let schema_of = |name: &str| known.and_then(|known| known.get(name));
        for name in rules.get("required").and_then(Value::as_array).into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            if !fields.contains_key(name) {
                self.wrong(&format!("{at}/{}", escaped(name)), "this is missing");
            }
        }
        let closed = rules.get("additionalProperties") == Some(&Value::Bool(false));
        for (name, value) in fields {
            let below = format!("{at}/{}", escaped(name));
            match schema_of(name) {
                Some(schema) => self.value(value, schema, &below, depth + 1),
                None if closed => {
                    let names: Vec<&str> =
                        known.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                    self.wrong(
                        &below,
                        format!("there is no such item: known are {}", names.join(", ")),
                    );
                }
                None => {}
            }
        }
    }
}

/// RFC 6901, section 3; what a stranger named is cut.
fn escaped(name: &str) -> String {
    const SHOWN_CHARACTERS_MAX: usize = 40;
    let name: String = name.chars().take(SHOWN_CHARACTERS_MAX).collect();
    name.replace('~', "~0").replace('/', "~1")
}

fn list(words: &[Value]) -> String {
    let words: Vec<String> = words.iter().map(Value::to_string).collect();
    words.join(", ")
}

fn span(least: Option<f64>, most: Option<f64>) -> String {
    match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => "another".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(value: &Value) -> Vec<String> {
        let named = json!({ "Way": { "oneOf": [
            { "type": "object", "properties": { "phone": { "type": "string" } }, "required": ["phone"], "additionalProperties": false },
            { "type": "object", "properties": { "email": { "type": "string", "minLength": 3 } }, "required": ["email"], "additionalProperties": false },
        ] } });
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["minutes"],
            "properties": {
                "minutes": { "type": "integer", "minimum": 1, "maximum": 120 },
                "start": { "type": "string", "format": "date-time" },
                "language": { "oneOf": [{ "const": "cs" }, { "const": "en" }] },
                "to": { "anyOf": [{ "$ref": "#/components/schemas/Way" }, { "type": "null" }] },
                "days": { "type": ["array", "null"], "items": { "type": "integer" }, "maxItems": 2 },
            },
        });
        let faults = check(value, &schema, named.as_object().unwrap());
        faults.into_iter().map(|f| format!("{} {}", f.pointer.unwrap(), f.detail)).collect()
    }

    #[test]
    fn each_mistake_is_told_at_its_place() {
        let right = json!({
            "minutes": 60, "start": "2027-07-09T14:00:00+02:00", "language": "cs", "to": { "email": "a@b.cz" }, "days": null,
        });
        assert_eq!(told(&right), Vec::<String>::new());
        assert_eq!(
            told(
                &json!({ "minutes": 0, "start": "tomorrow", "language": "de", "to": { "email": "a" }, "days": [1, "2"] })
            ),
            [
                "#/days/1 expected integer",
                "#/language expected one of \"cs\", \"en\"",
                "#/minutes expected 1 to 120",
                "#/start expected a time with its offset such as 2027-07-09T14:00:00+02:00",
                "#/to/email expected at least 3 characters",
            ]
        );
        assert_eq!(
            told(&json!({ "a/b~": 1, "days": [1, 2, 3] })),
            [
                "#/minutes this is missing",
                "#/a~1b~0 there is no such item: known are days, language, minutes, start, to",
                "#/days expected at most 2 items",
            ]
        );
        assert_eq!(told(&json!([])), ["# expected object"]);
        assert_eq!(told(&json!({ "minutes": 1.5 })), ["#/minutes expected integer"]);
    }

    #[test]
    fn a_thousand_mistakes_are_told_as_twenty() {
        let many: Map<String, Value> = (0..1_000).map(|n| (n.to_string(), json!(1))).collect();
        assert_eq!(told(&Value::Object(many)).len(), FAULTS_MAX);
    }
}
