//! The slow lane: a thread of low priority for policies that take longer than they should.
//!
//! A policy takes microseconds. One that is still at work when the engine's clock has ticked goes on here, so that the
//! threads that serve requests are free again, and the system takes the processor away from it whenever one of them
//! wants it. Limits cut what never ends; the lane keeps what is bound to be cut from being felt until then.

use std::pin::Pin;
use std::sync::OnceLock;
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

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE_MAX);

pub(crate) type Work<T> = Pin<Box<dyn Future<Output = wasmtime::Result<T>> + Send>>;

/// Runs what does not wait for anything: here and now, or in the lane from the moment that it gives way.
pub(crate) async fn move_when_slow<T: Send + 'static>(mut work: Work<T>) -> wasmtime::Result<T> {
    let at_once = std::future::poll_fn(|context| {
        let polled = work.as_mut().poll(context);
        std::task::Poll::Ready(polled)
    });
    match at_once.await {
        std::task::Poll::Ready(done) => done,
        std::task::Poll::Pending => run(work).await,
    }
}

/// Runs it in the lane.
pub(crate) async fn run<T: Send + 'static>(work: Work<T>) -> wasmtime::Result<T> {
    let Some(lane) = lane() else { return work.await };
    let Ok(Ok(_turn)) = tokio::time::timeout(PATIENCE, TURNS.acquire()).await else {
        wasmtime::bail!("too many policies are slow at the same time");
    };
    let mut task = Task(lane.spawn(work));
    match (&mut task.0).await {
        Ok(done) => done,
        Err(error) => wasmtime::bail!("the host failed while it ran: {error}"),
    }
}

/// Work that ends with whoever waits for it.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One for the process, started when it is first wanted. None where the system gives no thread.
fn lane() -> Option<&'static Handle> {
    static LANE: OnceLock<Option<Handle>> = OnceLock::new();
    let started = LANE.get_or_init(|| {
        start()
            .inspect_err(
                |error| tracing::error!(%error, "slow policies have no thread of their own"),
            )
            .ok()
    });
    started.as_ref()
}

fn start() -> std::io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new().name("konf-slow".into()).spawn(move || {
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
    use super::{Work, move_when_slow, run};
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
        assert_eq!(run(gives_way(0)).await.unwrap().as_deref(), Some("konf-slow"));
    }

    #[tokio::test]
    async fn the_lane_runs_at_a_low_priority() {
        let nice = run(Box::pin(async {
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
        assert!(tokio::time::timeout(soon, run(endless)).await.is_err());
        assert_eq!(left.recv_timeout(std::time::Duration::from_secs(10)), Ok(()));
    }
}
