//! Variables of the application and the `{{ name }}` templates that use them, as in Spin.

use crate::LoadError;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `[variables]` as written. A variable has a default or is required, never both.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declared {
    #[serde(default)]
    required: bool,
    default: Option<String>,
    /// Honoured by never printing any variable's value.
    #[serde(default, rename = "secret")]
    _secret: bool,
    #[serde(default, rename = "description")]
    _description: Option<String>,
}

/// The application's variables with their values.
pub(crate) type Values = BTreeMap<String, String>;

/// A value for each declared variable: what was given, else the default.
pub(crate) fn resolve_all(
    declared: &BTreeMap<String, Declared>,
    given: &BTreeMap<String, String>,
) -> Result<Values, LoadError> {
    for name in given.keys().filter(|name| !declared.contains_key(*name)) {
        tracing::warn!(variable = %name, "a value is given for a variable that the manifest does not declare");
    }
    declared
        .iter()
        .map(|(name, variable)| Ok((name.clone(), resolve(name, variable, given)?)))
        .collect()
}

fn resolve(
    name: &str,
    declared: &Declared,
    given: &BTreeMap<String, String>,
) -> Result<String, LoadError> {
    let unresolved = || LoadError::Variable {
        name: name.to_owned(),
        environment: format!("SPIN_VARIABLE_{}", name.to_uppercase()),
    };
    match (given.get(name), &declared.default) {
        (Some(value), _) => Ok(value.clone()),
        (None, Some(default)) if !declared.required => Ok(default.clone()),
        (None, _) => Err(unresolved()),
    }
}

/// Spin's rule: a lower-case letter, then lower-case letters, digits and single underscores between them.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let rest = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if first && rest && !name.ends_with('_') && !name.contains("__") {
        return Ok(());
    }
    Err(format!(
        "variable name {name:?} must be lower-case letters, digits and single underscores between them"
    ))
}

/// The template with the values in place of `{{ name }}`.
pub(crate) fn fill(template: &str, values: &Values) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else {
            return Err(format!("template {template:?} has {{{{ without }}}}"));
        };
        let name = name.trim();
        let Some(value) = values.get(name) else {
            return Err(format!(
                "template {template:?} names {name}, which is not under [variables]"
            ));
        };
        filled.push_str(before);
        filled.push_str(value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}
