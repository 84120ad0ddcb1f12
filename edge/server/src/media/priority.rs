//! The media threads go before what can wait.
//!
//! Real time where it is permitted (CAP_SYS_NICE, or RLIMIT_RTPRIO as the systemd unit sets it), at a low priority: below
//! everything that the system itself runs so. Two guards keep a thread that runs wild from freezing a small machine: the
//! thread gives way itself when it could not sleep for a whole tick (`worker`), and the kernel ends the process when a
//! thread has not slept for [`WILD`]; whoever supervises it starts it anew.

use std::fmt;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use thread_priority::{
    NormalThreadSchedulePolicy, RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue,
    ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

/// As in infra/deploy/systemd/konf-edge.service (LimitRTPRIO); kernel threads that must go first stand at 50 and above.
const REAL_TIME: u8 = 10;
/// What becomes niceness -10 (LimitNICE): of 0 to 99, over the 39 steps between 19 and -20.
const NICE: u8 = 73;
/// Longer than any stall that is made up for, shorter than anybody would wait before they hang up.
const WILD: Duration = Duration::from_secs(2);

/// What a thread got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Priority {
    RealTime,
    Nice,
    Plain,
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Priority::RealTime => "real time, round robin, priority 10",
            Priority::Nice => "niceness -10; real time is not permitted (LimitRTPRIO=10)",
            Priority::Plain => {
                "no priority: neither real time (LimitRTPRIO=10) nor niceness (LimitNICE=-10) is permitted, and other \
                 programs of this machine may delay sound"
            }
        })
    }
}

/// The best that the calling thread is permitted.
pub(crate) fn raise() -> Priority {
    let set = |value: u8, policy| {
        let Ok(value) = ThreadPriorityValue::try_from(value) else { return false };
        let priority = ThreadPriority::Crossplatform(value);
        set_thread_priority_and_policy(thread_native_id(), priority, policy).is_ok()
    };
    let round_robin = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    if limit_wild_threads().is_ok() && set(REAL_TIME, round_robin) {
        return Priority::RealTime;
    }
    if set(NICE, ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other)) {
        return Priority::Nice;
    }
    Priority::Plain
}

/// What media threads would get.
///
/// # Errors
///
/// When the system gives no thread.
pub(crate) fn probe() -> Result<Priority> {
    let thread = thread::Builder::new().name("priority".into()).spawn(raise);
    thread.context("starting a thread")?.join().ok().context("asking for a priority")
}

/// No thread becomes a real-time one without it.
fn limit_wild_threads() -> nix::Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_RTTIME)?;
    let wild = WILD.as_micros() as u64;
    if soft > wild { setrlimit(Resource::RLIMIT_RTTIME, wild.min(hard), hard) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_has_what_it_is_said_to_have() {
        let thread = thread::spawn(|| {
            let before = stat();
            (before, raise(), stat())
        });
        let (before, raised, after) = thread.join().unwrap();
        match raised {
            Priority::RealTime => assert_eq!((after.1, after.2), (10, 2)),
            Priority::Nice => assert_eq!(after, (-10, 0, 0)),
            Priority::Plain => assert_eq!(before, after),
        }
        let other = thread::spawn(stat).join().unwrap();
        assert_eq!(other, before, "no other thread is touched");
    }

    /// Niceness, real-time priority and policy (proc_pid_stat(5), fields 19, 40 and 41; policy 2 is round robin).
    fn stat() -> (i32, i32, i32) {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        let field = |number: usize| fields[number - 3].parse().unwrap();
        (field(19), field(40), field(41))
    }
}
