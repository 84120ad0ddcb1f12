//! The project in JavaScript: QuickJS in a component of a megabyte, made by the npm package `componentize-qjs`.
//!
//! Why not StarlingMonkey (`componentize-js`): the same tariff has 12 MB and 9.5 MB of memory in it, against 1.1 MB and
//! 1.4 MB, and a policy has at most 4 MiB and 16 MiB. Both can leave out clocks, randomness and output altogether.

use anyhow::{Context, Result};

use super::{File, from_the_first_signature_on};

/// A default in JavaScript.
struct InJavascript {
    world: &'static str,
    policy: &'static str,
    tests: &'static str,
}

const IN_JAVASCRIPT: [InJavascript; 1] = [InJavascript {
    world: "tariff",
    policy: include_str!("../../../../policies/tariff/javascript/policy.js"),
    tests: include_str!("../../../../policies/tariff/javascript/policy.test.js"),
}];

/// Of a world that has a default in JavaScript.
pub(super) fn files(name: &str, world: &str) -> Result<Vec<File>> {
    let found = IN_JAVASCRIPT.iter().find(|default| default.world == world);
    let default = found.with_context(|| {
        let known: Vec<_> = IN_JAVASCRIPT.iter().map(|default| default.world).collect();
        format!(
            "there is no template in JavaScript for the world {world}: there is one for {}",
            known.join(", ")
        )
    })?;
    Ok(vec![
        ("package.json", package(name, world)),
        ("README.md", readme(name, world)),
        (".gitignore", "/node_modules\n/policy.wasm\n".to_owned()),
        ("policy.js", default.policy.to_owned()),
        ("policy.test.js", default.tests.to_owned()),
    ])
}

/// The version is pinned: a policy's digest is that of its runtime as well. `--stub-wasi` leaves no import, `--sync` no
/// need of a host that knows asynchronous components.
fn package(name: &str, world: &str) -> String {
    format!(
        r#"{{
  "name": "{name}",
  "description": "A policy for Konf: {world}.",
  "version": "0.1.0",
  "private": true,
  "type": "module",
  "engines": {{ "node": ">=18" }},
  "scripts": {{
    "test": "node --test",
    "build": "componentize-qjs --sync --opt-size --stub-wasi --wit wit/policy.wit --world {world}-policy --js policy.js --output policy.wasm"
  }},
  "devDependencies": {{
    "componentize-qjs": "0.4.5"
  }}
}}
"#
    )
}

fn readme(name: &str, world: &str) -> String {
    format!(
        "# {name}\n\
         A policy for Konf, world `{world}`, in JavaScript. Change `policy.js`; `wit/policy.wit` says what it is asked \
         and what it answers, `cases.json` what it must answer.\n\n    \
         npm install\n    \
         npm test\n    \
         npm run build\n    \
         konf policy check policy.wasm --cases cases.json\n\n\
         Names with dashes are written in camel case (`duration-ms` is `durationMs`). Integers are numbers: those of 64 \
         bits are exact up to 2^53, those of 32 bits end at 2^31 - 1. `Date.now()` and whatever else asks the world end the \
         call, `Math.random()` is the same in each call, nothing is kept between two: a policy knows what it is asked.\n\n\
         {}",
        from_the_first_signature_on(name, world, "policy.wasm")
    )
}
