//! Threads of low priority for policies that take longer than they should, and for those of which nobody knows yet.
//!
//! A policy takes microseconds. One that is still at work when the engine's clock has ticked goes on in the slow lane, so
//! that the threads that serve requests are free again, and the system takes the processor away from it whenever one of
//! them wants it. Limits cut what never ends; the lane keeps what is bound to be cut from being felt until then.
//!
//! The clock does not see all: to fill a memory is one step, however large it is. So a policy shows in a lane of its own
//! that it answers at all. Nobody stays there: what is slow goes on in the slow lane, and honest newcomers, whose callers
//! wait, pass it by.

use std::pin::Pin;
use std::sync::OnceLock;
use std::task::Poll;
use std::time::Duration;
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};
use tokio::runtime::{Builder, Handle};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// What becomes niceness 5 (setpriority(2)), of 0 to 99 over the 39 steps between 19 and -20: a quarter of a processor
/// where another wants all of it. At 10 a machine with ten busy programs took 2 s to cut a loop.
const NICE: u8 = 35;

/// Policies that share the lane's thread; more wait for their turn. A loop among them leaves the others three turns of
/// four.
const AT_ONCE_MAX: usize = 4;

/// Twenty times a policy's deadline: a lane that nobody gets through is full of loops.
const PATIENCE: Duration = Duration::from_secs(1);

/// For what is slow.
pub(crate) static SLOW: Lane = Lane::new("konf-slow");

/// For what has never answered.
static NEW: Lane = Lane::new("konf-new");

/// A thread, started when it is first wanted.
pub(crate) struct Lane {
    name: &'static str,
    turns: Semaphore,
    /// None where the system gives no thread.
    thread: OnceLock<Option<Handle>>,
}

pub(crate) type Work<T> = Pin<Box<dyn Future<Output = wasmtime::Result<T>> + Send>>;

/// Runs what does not wait for anything: here and now, or in the slow lane from the moment that it gives way.
pub(crate) async fn move_when_slow<T: Send + 'static>(work: Work<T>) -> wasmtime::Result<T> {
    go_on(begin(work).await).await
}

/// Runs what nobody knows: apart, until it gives way, and then in the slow lane.
pub(crate) async fn begin_apart<T: Send + 'static>(work: Work<T>) -> wasmtime::Result<T> {
    go_on(NEW.run(Box::pin(async { Ok(begin(work).await) })).await?).await
}

enum Begun<T> {
    Done(wasmtime::Result<T>),
    GivesWay(Work<T>),
}

async fn begin<T>(mut work: Work<T>) -> Begun<T> {
    let polled = std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
    match polled {
        Poll::Ready(done) => Begun::Done(done),
        Poll::Pending => Begun::GivesWay(work),
    }
}

async fn go_on<T: Send + 'static>(begun: Begun<T>) -> wasmtime::Result<T> {
    match begun {
        Begun::Done(done) => done,
        Begun::GivesWay(work) => SLOW.run(work).await,
    }
}

impl Lane {
    const fn new(name: &'static str) -> Self {
        Self { name, turns: Semaphore::const_new(AT_ONCE_MAX), thread: OnceLock::new() }
    }

    /// Runs it in the lane.
    pub(crate) async fn run<T: Send + 'static>(&self, work: Work<T>) -> wasmtime::Result<T> {
        let Some(thread) = self.thread() else { return work.await };
        let Ok(Ok(_turn)) = tokio::time::timeout(PATIENCE, self.turns.acquire()).await else {
            wasmtime::bail!("too many policies are slow at the same time");
        };
        let mut task = Task(thread.spawn(work));
        match (&mut task.0).await {
            Ok(done) => done,
            Err(error) => wasmtime::bail!("the host failed while it ran: {error}"),
        }
    }

    fn thread(&self) -> Option<&Handle> {
        let started = self.thread.get_or_init(|| {
            start(self.name)
                .inspect_err(
                    |error| tracing::error!(%error, "slow policies have no thread of their own"),
                )
                .ok()
        });
        started.as_ref()
    }
}

/// Work that ends with whoever waits for it.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn start(name: &str) -> std::io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new().name(name.into()).spawn(move || {
        if let Err(why) = lower() {
            tracing::warn!(%why, "slow policies run at the priority of everything else");
        }
        runtime.block_on(std::future::pending::<()>());
    })?;
    Ok(handle)
}

/// To lower a thread needs no permission.
fn lower() -> Result<(), String> {
    let priority = ThreadPriority::Crossplatform(ThreadPriorityValue::try_from(NICE)?);
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other);
    set_thread_priority_and_policy(thread_native_id(), priority, policy)
        .map_err(|error| format!("{error:?}"))
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE_MAX, SLOW, Work, begin_apart, move_when_slow};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::thread;

    fn name() -> Option<String> {
        thread::current().name().map(str::to_owned)
    }

    fn gives_way(times: u32) -> Work<Option<String>> {
        Box::pin(async move {
            for _ in 0..times {
                tokio::task::yield_now().await;
            }
            Ok(name())
        })
    }

    #[tokio::test]
    async fn what_is_done_at_once_stays_and_what_gives_way_goes_on_in_the_lane() {
        assert_eq!(move_when_slow(gives_way(0)).await.unwrap(), name());
        assert_eq!(move_when_slow(gives_way(1)).await.unwrap().as_deref(), Some("konf-slow"));
        assert_eq!(SLOW.run(gives_way(0)).await.unwrap().as_deref(), Some("konf-slow"));
    }

    #[tokio::test]
    async fn what_is_new_begins_apart_and_stays_only_while_it_is_quick() {
        assert_eq!(begin_apart(gives_way(0)).await.unwrap().as_deref(), Some("konf-new"));
        assert_eq!(begin_apart(gives_way(1)).await.unwrap().as_deref(), Some("konf-slow"));
    }

    #[tokio::test]
    async fn what_is_new_and_slow_is_in_the_way_of_nothing_new() {
        let goes_on = Arc::new(AtomicBool::new(true));
        let slow = |goes_on: Arc<AtomicBool>| -> Work<()> {
            Box::pin(async move {
                while goes_on.load(Relaxed) {
                    tokio::task::yield_now().await;
                }
                Ok(())
            })
        };
        let all: Vec<_> =
            (0..AT_ONCE_MAX).map(|_| tokio::spawn(begin_apart(slow(goes_on.clone())))).collect();
        while SLOW.turns.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(begin_apart(gives_way(0)).await.unwrap().as_deref(), Some("konf-new"));
        goes_on.store(false, Relaxed);
        for slow in all {
            slow.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn the_lane_runs_at_a_low_priority() {
        let nice = SLOW.run(Box::pin(async {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
            // proc_pid_stat(5): the 19th field; the second is in brackets.
            let after =
                stat.rsplit_once(')').map(|(_, after)| after.to_owned()).unwrap_or_default();
            Ok(after.split_whitespace().nth(16).and_then(|nice| nice.parse::<i32>().ok()))
        }));
        // It is not raised where everything runs lower already.
        assert!(nice.await.unwrap().is_some_and(|nice| nice >= 5));
    }

    #[tokio::test]
    async fn who_gives_up_takes_its_work_out_of_the_lane() {
        struct Gone(std::sync::mpsc::SyncSender<()>);
        impl Drop for Gone {
            fn drop(&mut self) {
                let _ = self.0.send(());
            }
        }
        let (gone, left) = std::sync::mpsc::sync_channel(1);
        let gone = Gone(gone);
        let endless: Work<()> = Box::pin(async move {
            let _gone = gone;
            loop {
                tokio::task::yield_now().await;
            }
        });
        let soon = std::time::Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, SLOW.run(endless)).await.is_err());
        assert_eq!(left.recv_timeout(std::time::Duration::from_secs(10)), Ok(()));
    }
}
