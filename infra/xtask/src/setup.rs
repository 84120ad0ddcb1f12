//! Everything that must be there before a build or a test.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{root, run, step};

const WASM: &str = "wasm32-wasip2";

/// A program, and the Debian package that has it.
pub(crate) struct Tool {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

pub(crate) const SIPP: Tool = Tool { program: "sipp", package: "sip-tester" };

/// What the end-to-end tests call with and look at pages with, and what builds the policy in JavaScript.
pub(crate) const TEST_TOOLS: [Tool; 5] = [
    SIPP,
    Tool { program: "baresip", package: "baresip-core" },
    Tool { program: "npm", package: "npm" },
    Tool { program: "openssl", package: "openssl" },
    Tool { program: "chromium", package: "chromium" },
];

/// A C compiler for SQLite, ring and libopus; what libopus is built with.
pub(crate) const BUILD_TOOLS: [Tool; 3] = [
    Tool { program: "cc", package: "gcc" },
    Tool { program: "cmake", package: "cmake" },
    Tool { program: "make", package: "make" },
];

/// What libFuzzer is built with.
pub(crate) const FUZZ_TOOLS: [Tool; 1] = [Tool { program: "c++", package: "g++" }];

/// Runs the build command of each component of `spin.toml`, as `spin build` would.
pub(crate) fn components() -> Result<()> {
    wasm_target()?;
    step("building the WebAssembly components");
    let manifest: toml::Table = std::fs::read_to_string(root().join("spin.toml"))?.parse()?;
    let components = manifest["component"].as_table().context("spin.toml has no components")?;
    for (name, component) in components {
        let command = component
            .get("build")
            .and_then(|build| build.get("command"))
            .and_then(toml::Value::as_str);
        let command = command
            .with_context(|| format!("component {name} of spin.toml has no build.command"))?;
        run("sh", &["-c", command])?;
    }
    Ok(())
}

fn wasm_target() -> Result<()> {
    let installed =
        Command::new("rustc").args(["--print", "target-libdir", "--target", WASM]).output();
    let there = installed
        .is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).exists());
    if there {
        return Ok(());
    }
    step("installing the WebAssembly target");
    run("rustup", &["target", "add", WASM]).with_context(|| {
        format!("Rust's target {WASM} is missing; without rustup, install it with your packages")
    })
}

/// Installs the packages of missing programs when this is root on Debian; otherwise says what to install.
pub(crate) fn tools(tools: &[Tool]) -> Result<()> {
    let missing: Vec<_> =
        tools.iter().filter(|tool| !on_path(tool.program)).map(|tool| tool.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !nix::unistd::geteuid().is_root() || !on_path("apt-get") {
        bail!("these are missing: install them with `sudo apt-get install {}`", missing.join(" "));
    }
    step(&format!("installing {}", missing.join(", ")));
    run("apt-get", &["update", "-qq"])?;
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(&missing);
    run("apt-get", &arguments)
}

pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// A Python with an SMTP server that is not ours and with what verifies signatures of mails, for the tests.
pub(crate) fn smtp_server() -> Result<()> {
    python_with("aiosmtpd", &["aiosmtpd==1.4.6"])?;
    python_with("dkim", &["dkimpy==1.1.8"]).map(drop)
}

/// What fuzzes the REST API by its document, for the tests.
pub(crate) fn api_fuzzer() -> Result<()> {
    python_with("schemathesis", &["schemathesis==4.32.5"]).map(drop)
}

/// What drives the browser and plays the SMSC in the end-to-end tests, as lock files say; npm writes
/// that file's copy when it is done.
pub(crate) fn node_packages() -> Result<()> {
    for folder in ["tests/e2e/browser", "tests/e2e/smsc"] {
        let folder = root().join(folder);
        let installed = std::fs::metadata(folder.join("node_modules/.package-lock.json"));
        let locked = std::fs::metadata(folder.join("package-lock.json"))?.modified()?;
        if installed.is_ok_and(|installed| installed.modified().is_ok_and(|at| at >= locked)) {
            continue;
        }
        step(&format!("installing what {} needs", folder.display()));
        let folder = folder.to_string_lossy().into_owned();
        run("npm", &["--prefix", &folder, "ci", "--silent", "--no-audit", "--no-fund"])?;
    }
    Ok(())
}

/// The path of a Python that scores speech; pesq is compiled when it is installed.
pub(crate) fn pesq() -> Result<PathBuf> {
    tools(&[Tool { program: "python3-config", package: "python3-dev" }])?;
    python_with("pesq", &["numpy==2.2.6", "pesq==0.0.4"])
}

/// A Python that can import `module`, in a virtual environment under `target/`.
fn python_with(module: &str, packages: &[&str]) -> Result<PathBuf> {
    let venv = crate::target().join("venv");
    let python = venv.join("bin/python");
    let has_it = |python: &Path| {
        let mut probe = Command::new(python);
        probe.args(["-c", &format!("import {module}")]).stdout(Stdio::null()).stderr(Stdio::null());
        probe.status().is_ok_and(|status| status.success())
    };
    if has_it(&python) {
        return Ok(python);
    }
    step(&format!("installing {}", packages.join(" and ")));
    let venv = venv.to_string_lossy().into_owned();
    run("python3", &["-m", "venv", &venv])
        .context("python3 with venv is needed (Debian: python3-venv)")?;
    let mut install = vec!["-m", "pip", "install", "--quiet"];
    install.extend(packages);
    run(&python.to_string_lossy(), &install)?;
    if !has_it(&python) {
        bail!("{module} does not start from {}", python.display());
    }
    Ok(python)
}
