//! Instances between two requests.
//!
//! A function is the operator's own code and keeps nothing in its memory, so the next request may run in the instance that
//! answered the last. An instance serves one request at a time. It is put aside only when it is as good as new: it
//! answered without a fault, holds nothing of the host's any more, has not grown, and has not answered too many. It
//! belongs to the function that it was made from, so a swap leaves it with the old one.

use crate::app::Function;
use crate::guest::Guest;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use wasmtime::component::Resource;
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi_http::p2::bindings::Proxy;
use wasmtime_wasi_http::p2::types::{HostIncomingRequest, HostResponseOutparam};

/// An instance that nobody has asked for so long goes: it holds 1.3 MB.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// One instance of a function, with the store that it lives in.
pub(crate) struct Instance {
    pub(crate) store: Store<Guest>,
    proxy: Option<Proxy>,
    answered: u32,
}

impl Instance {
    pub(crate) fn new(engine: &Engine, function: &Function) -> Instance {
        let mut store = Store::new(engine, Guest::new(&function.name, &function.limits));
        store.limiter(|guest| &mut guest.memory);
        // A loop gives way at every tick, so that the deadline can cut it and others can run.
        store.epoch_deadline_callback(|_| {
            crate::engine::note_guest();
            Ok(UpdateDeadline::Yield(1))
        });
        Instance { store, proxy: None, answered: 0 }
    }

    /// Answers one request. None is left when the instance is not as good as new.
    pub(crate) async fn answer(
        mut self,
        function: &Function,
        request: Resource<HostIncomingRequest>,
        answer: Resource<HostResponseOutparam>,
    ) -> wasmtime::Result<Option<Instance>> {
        crate::engine::note_guest();
        self.store.set_epoch_deadline(1);
        let proxy = match self.proxy.take() {
            Some(proxy) => proxy,
            None => function.ready.instantiate_async(&mut self.store).await?,
        };
        let handler = proxy.wasi_http_incoming_handler();
        handler.call_handle(&mut self.store, request, answer).await?;
        self.proxy = Some(proxy);
        self.answered += 1;
        let is_good = self.answered < function.limits.requests_per_instance
            && self.store.data_mut().end_request();
        // What is not kept goes here, and with it whatever would hold the answer's body open.
        Ok(is_good.then_some(self))
    }
}

/// The instances that a function has put aside.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// The one that was used last is at the end and taken first, so that those that are too many grow old.
    instances: VecDeque<(Instant, OwnedSemaphorePermit, Instance)>,
    is_swept: bool,
}

impl Shelf {
    pub(crate) fn take(&self) -> Option<Instance> {
        self.kept().instances.pop_back().map(|(_, _, instance)| instance)
    }

    /// Puts it aside, as long as there is `room` for another one in the whole application.
    pub(crate) fn put(self: &Arc<Shelf>, instance: Instance, room: &Arc<Semaphore>) {
        let Ok(room) = room.clone().try_acquire_owned() else { return };
        let mut kept = self.kept();
        kept.instances.push_back((Instant::now(), room, instance));
        if !std::mem::replace(&mut kept.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.kept().instances.len()
    }

    /// Those that are too old, and whether some are left.
    fn take_idle(&self) -> (Vec<Instance>, bool) {
        let mut kept = self.kept();
        let mut idle = Vec::new();
        while kept.instances.front().is_some_and(|(used, ..)| used.elapsed() >= IDLE_MAX) {
            idle.extend(kept.instances.pop_front().map(|(_, _, instance)| instance));
        }
        kept.is_swept = !kept.instances.is_empty();
        (idle, kept.is_swept)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends with the last instance or with the shelf.
async fn sweep(shelf: Weak<Shelf>) {
    loop {
        tokio::time::sleep(IDLE_MAX).await;
        let Some(shelf) = shelf.upgrade() else { return };
        let (idle, are_some_left) = shelf.take_idle();
        drop(idle);
        if !are_some_left {
            return;
        }
    }
}
