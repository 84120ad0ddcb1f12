//! What the process takes of the machine, under the names that Prometheus' own libraries use.

use konf_contract::metrics::Page;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// Says what the system tells; what it does not tell is left out.
pub(super) fn write(page: &mut Page) {
    if let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) {
        let used_us = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        let help = "Processor time of the process, user and system.";
        page.counter("process_cpu_seconds_total", help, used_us as f64 / 1e6);
    }
    if let Some(bytes) = resident_bytes() {
        page.gauge("process_resident_memory_bytes", "Memory that is in RAM.", bytes);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        // One of them is the folder that is being read.
        let help = "Files and sockets that are open.";
        page.gauge("process_open_fds", help, files.count().saturating_sub(1));
    }
}

fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
