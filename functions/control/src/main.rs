//! `konf`: control and its command line.

fn main() -> std::process::ExitCode {
    konf_control::cli::run()
}
