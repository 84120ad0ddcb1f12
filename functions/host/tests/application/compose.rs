//! A function with its policies in one component, put together as Spin does when it loads `dependencies`: by
//! `tests/compose`, a program of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Composes `function` with `dependencies` (interface → file) into the file `out`. The interfaces that the whole still
/// imports.
pub(crate) fn compose(
    function: &Path,
    dependencies: &BTreeMap<String, PathBuf>,
    out: &Path,
) -> Result<Vec<String>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new("cargo")
        .args(["run", "--quiet", "--locked", "--manifest-path"])
        .arg(root.join("tests/compose/Cargo.toml"))
        .arg("--")
        .args([function, out])
        .args(dependencies.iter().map(|(name, file)| format!("{name}={}", file.display())))
        .env("CARGO_TARGET_DIR", root.join("target/compose"))
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let imports = String::from_utf8(output.stdout).map_err(|error| error.to_string())?;
    Ok(imports.lines().map(str::to_owned).collect())
}
