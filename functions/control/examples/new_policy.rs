//! The project of a tariff in JavaScript, as `konf policy new` makes it, for `cargo xtask bench functions`: to link the
//! whole of konf for it would take minutes.
//!
//!     new_policy FOLDER NAME

use std::path::Path;

use anyhow::{Result, bail};
use konf_control::policies::project::{Language, write};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, name] = arguments.as_slice() else { bail!("usage: new_policy FOLDER NAME") };
    write(Path::new(folder), name, "tariff", Language::Javascript)
}
