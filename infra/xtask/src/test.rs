//! Everything that must pass.

use anyhow::Result;

use crate::{checks, setup, step};

pub(crate) fn run(only: Option<&str>) -> Result<()> {
    setup::tools(&setup::BUILD_TOOLS)?;
    setup::tools(&setup::TEST_TOOLS)?;
    setup::smtp_server()?;
    setup::api_fuzzer()?;
    setup::node_packages()?;
    setup::components()?;
    if let Some(name) = only {
        binaries()?;
        return crate::run(
            "cargo",
            &["test", "--workspace", "--test", "e2e", "--", "--nocapture", name],
        );
    }
    step("checking form and invariants");
    crate::run("cargo", &["fmt", "--all", "--check"])?;
    checks::run()?;
    crate::run(
        "cargo",
        &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
    )?;
    binaries()?;
    step("running the tests");
    // Without the examples, which have been looked at with all targets: to link them takes minutes.
    crate::run("cargo", &["test", "--workspace", "--quiet", "--tests"])?;
    crate::run("cargo", &["test", "--workspace", "--quiet", "--doc"])
}

/// The end-to-end tests run the binaries themselves. Whole workspace: with another selection cargo chooses other features
/// and compiles wasmtime a second time.
fn binaries() -> Result<()> {
    step("building konf and konf-edge");
    crate::run("cargo", &["build", "--workspace", "--bin", "konf", "--bin", "konf-edge"])
}
