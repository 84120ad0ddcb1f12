//! `spin.toml`: what was written, then what this host can run.
//!
//! Version 2 of the manifest. A field that this host does not honour is an error, so that an application never runs
//! with less than it was promised. Konf's own settings stand only in `[component.NAME.tool.konf]`, since Spin refuses
//! fields that it does not know:
//!
//! ```toml
//! [component.order.tool.konf]
//! deadline_ms = 2000   # at most the host's own
//! memory_mib = 32      # at most the host's own
//! requests_per_instance = 1   # a fresh instance each time, for one that keeps something in its memory
//! ```

use crate::outbound::Pattern;
use crate::routes::{Route, Routes};
use crate::template::{self, Declared, Values};
use crate::{Limits, LoadError, Settings};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An application that can be run once its components are compiled.
pub(crate) struct Manifest {
    pub(crate) name: String,
    pub(crate) routes: Routes,
    pub(crate) components: Vec<Plan>,
}

/// A component as it is to be run.
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) source: PathBuf,
    /// With their values; never logged.
    pub(crate) variables: Values,
    pub(crate) outbound: Vec<Pattern>,
    /// Interface → file of the default policy.
    pub(crate) policies: BTreeMap<String, PathBuf>,
    /// The host's limits, narrowed.
    pub(crate) limits: Limits,
}

pub(crate) fn read(settings: &Settings) -> Result<Manifest, LoadError> {
    let path = &settings.manifest;
    let text = std::fs::read_to_string(path)
        .map_err(|source| LoadError::Read { path: path.clone(), source })?;
    let written: Written = toml::from_str(&text)
        .map_err(|why| LoadError::Manifest { path: path.clone(), why: why.to_string() })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    written.resolve(folder, settings)
}

// ── what was written ────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    spin_manifest_version: u32,
    application: Application,
    #[serde(default)]
    variables: BTreeMap<String, Declared>,
    trigger: Triggers,
    #[serde(default)]
    component: BTreeMap<String, Component>,
}

/// Fields with an underscore say something to people or to `spin build`, nothing to a host.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    name: String,
    #[serde(rename = "version")]
    _version: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(default, rename = "authors")]
    _authors: Vec<String>,
    #[serde(default)]
    tool: BTreeMap<String, toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Triggers {
    #[serde(default)]
    http: Vec<Trigger>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trigger {
    #[serde(rename = "id")]
    _id: Option<String>,
    route: WrittenRoute,
    component: String,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a route is a string or { private = true }")]
enum WrittenRoute {
    Public(String),
    Private(Private),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Private {
    private: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Component {
    #[serde(rename = "description")]
    _description: Option<String>,
    /// Only files: what runs is what was deployed.
    source: PathBuf,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(rename = "build")]
    _build: Option<toml::Table>,
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
    /// True would lend a policy the component's own rights; a policy here never has any.
    #[serde(default)]
    dependencies_inherit_configuration: bool,
    #[serde(default)]
    tool: BTreeMap<String, toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dependency {
    path: PathBuf,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Own {
    deadline_ms: Option<u64>,
    memory_mib: Option<usize>,
    requests_per_instance: Option<u32>,
}

// ── what can be run ─────────────────────────────────────────────────────────────────────────────────────────────────

impl Written {
    fn resolve(self, folder: &Path, settings: &Settings) -> Result<Manifest, LoadError> {
        let bad = |why| LoadError::Manifest { path: settings.manifest.clone(), why };
        self.check().map_err(bad)?;
        let values = template::resolve_all(&self.variables, &settings.variables)?;
        let routes = self.public_routes().map_err(bad)?;
        let plan = |(name, written): (String, Component)| {
            let why = |why| LoadError::Component { component: name.clone(), why };
            written.plan(&name, folder, &values, settings.limits).map_err(why)
        };
        Ok(Manifest {
            name: self.application.name,
            routes,
            components: self.component.into_iter().map(plan).collect::<Result<_, _>>()?,
        })
    }

    fn check(&self) -> Result<(), String> {
        if self.spin_manifest_version != 2 {
            return Err(format!(
                "spin_manifest_version is {}, and this host reads version 2",
                self.spin_manifest_version
            ));
        }
        if self.application.tool.contains_key("konf") {
            return Err("application.tool.konf has no settings; a component's stand in component.NAME.tool.konf".into());
        }
        self.variables.keys().try_for_each(|name| template::check_name(name))?;
        let stranger = |trigger: &&Trigger| !self.component.contains_key(&trigger.component);
        if let Some(trigger) = self.trigger.http.iter().find(stranger) {
            return Err(format!(
                "a trigger names component {}, which does not exist",
                trigger.component
            ));
        }
        let triggered = |name: &&String| self.trigger.http.iter().any(|t| t.component == **name);
        match self.component.keys().find(|name| !triggered(name)) {
            Some(name) => Err(format!(
                "component {name} has no trigger; one that only others call has route = {{ private = true }}"
            )),
            None => Ok(()),
        }
    }

    fn public_routes(&self) -> Result<Routes, String> {
        let mut routes = Vec::new();
        for trigger in &self.trigger.http {
            match &trigger.route {
                WrittenRoute::Public(pattern) => routes
                    .push(Route { pattern: pattern.clone(), component: trigger.component.clone() }),
                WrittenRoute::Private(Private { private: true }) => {}
                WrittenRoute::Private(Private { private: false }) => {
                    return Err("a route is a string or { private = true }".into());
                }
            }
        }
        Routes::new(routes)
    }
}

impl Component {
    fn plan(
        self,
        name: &str,
        folder: &Path,
        values: &Values,
        limits: Limits,
    ) -> Result<Plan, String> {
        if self.dependencies_inherit_configuration {
            return Err(
                "dependencies_inherit_configuration can't be honoured: a policy has no rights"
                    .into(),
            );
        }
        self.variables.keys().try_for_each(|name| template::check_name(name))?;
        let fill =
            |(name, text): (&String, &String)| Ok((name.clone(), template::fill(text, values)?));
        let pattern = |text: &String| Pattern::parse(&template::fill(text, values)?);
        let policy = |(interface, dependency): (&String, &Dependency)| {
            check_interface(interface)?;
            Ok((interface.clone(), folder.join(&dependency.path)))
        };
        Ok(Plan {
            name: name.to_owned(),
            source: folder.join(&self.source),
            variables: self.variables.iter().map(fill).collect::<Result<_, String>>()?,
            outbound: self.allowed_outbound_hosts.iter().map(pattern).collect::<Result<_, _>>()?,
            policies: self.dependencies.iter().map(policy).collect::<Result<_, String>>()?,
            limits: narrowed(limits, self.tool.get("konf"))?,
        })
    }
}

/// A dependency is named by its whole interface, so that it is plain which slot it fills.
fn check_interface(name: &str) -> Result<(), String> {
    let whole = name.split_once('@').is_some_and(|(path, version)| {
        path.contains(':') && path.contains('/') && !version.is_empty()
    });
    match whole {
        true => Ok(()),
        false => Err(format!(
            "dependency {name:?} must be a whole interface with its version, such as konf:policy/tariff@1.0.0"
        )),
    }
}

fn narrowed(mut limits: Limits, own: Option<&toml::Table>) -> Result<Limits, String> {
    let own: Own = match own {
        Some(table) => table.clone().try_into().map_err(|why| format!("tool.konf: {why}"))?,
        None => return Ok(limits),
    };
    if let Some(deadline_ms) = own.deadline_ms {
        limits.deadline_ms = limits.deadline_ms.min(deadline_ms);
    }
    if let Some(mib) = own.memory_mib {
        limits.memory_bytes = limits.memory_bytes.min(mib.saturating_mul(1 << 20));
    }
    if let Some(requests) = own.requests_per_instance {
        limits.requests_per_instance = limits.requests_per_instance.min(requests);
    }
    Ok(limits)
}

#[cfg(test)]
mod tests;
