//! A place: where a function stands, and where another may take its place while requests go on.
//!
//! A request ends on the function that it began with; until the last has ended, the old one is told as leaving.

use crate::Digest;
use crate::app::Function;
use arc_swap::ArcSwap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The largest function: Konf's own have 0.3 to 0.8 MB, one in an interpreted language about 10.
pub(crate) const FUNCTION_BYTES_MAX: usize = 16 << 20;

pub(crate) struct Place {
    /// What the application was installed with.
    default: Arc<Function>,
    current: ArcSwap<Function>,
    /// Replaced, and perhaps still at work.
    former: Mutex<Vec<Weak<Function>>>,
}

impl Place {
    pub(crate) fn new(default: Function) -> Place {
        let default = Arc::new(default);
        let current = ArcSwap::new(default.clone());
        Place { default, current, former: Mutex::default() }
    }

    pub(crate) fn current(&self) -> Arc<Function> {
        self.current.load_full()
    }

    pub(crate) fn default(&self) -> &Arc<Function> {
        &self.default
    }

    /// Requests from now on go to `next`.
    pub(crate) fn swap(&self, next: Arc<Function>) {
        let last = self.current.swap(next.clone());
        let mut former = self.former();
        former.retain(|function| {
            function.strong_count() > 0 && function.as_ptr() != Arc::as_ptr(&last)
        });
        former.push(Arc::downgrade(&last));
        tracing::info!(component = %next.name, from = %last.digest, to = %next.digest, "a function was swapped");
    }

    /// Functions that were replaced and still have requests, and how many.
    pub(crate) fn leaving(&self) -> Vec<(Digest, usize)> {
        let current = self.current();
        let mut leaving = Vec::new();
        for function in self.former().iter().filter_map(Weak::upgrade) {
            let in_flight = function.in_flight.now();
            let is_current = Arc::ptr_eq(&function, &current);
            if in_flight > 0 && !is_current {
                leaving.push((function.digest, in_flight));
            }
        }
        leaving
    }

    fn former(&self) -> MutexGuard<'_, Vec<Weak<Function>>> {
        self.former.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many requests a function works on.
#[derive(Debug, Default)]
pub(crate) struct InFlight(AtomicUsize);

impl InFlight {
    pub(crate) fn enter(&self) -> Entered<'_> {
        self.0.fetch_add(1, Relaxed);
        Entered(self)
    }

    pub(crate) fn now(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// Counts as one request until it is dropped.
pub(crate) struct Entered<'a>(&'a InFlight);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}
