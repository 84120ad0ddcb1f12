//! What a component prints goes to the log, a line at a time, under the component's name.

use bytes::Bytes;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// A longer line is broken. Panics of a Rust guest are below 300 bytes.
const LINE_BYTES_MAX: usize = 2_048;

/// What one request may print: room for every panic message there is, none for a loop that fills the disk.
const REQUEST_BYTES_MAX: usize = 64 << 10;

/// What an instance may still print of one of its streams.
#[derive(Default)]
pub(crate) struct Printing(Arc<AtomicUsize>);

impl Printing {
    pub(crate) fn begin_request(&self) {
        self.0.store(REQUEST_BYTES_MAX, Ordering::Relaxed);
    }
}

/// One component's standard output or error.
pub(crate) struct Printed {
    component: Arc<str>,
    stream: &'static str,
    line: Vec<u8>,
    /// What the request may still print, however often the component opens the stream.
    left: Arc<AtomicUsize>,
}

impl Printed {
    pub(crate) fn new(component: Arc<str>, stream: &'static str, printing: &Printing) -> Printed {
        let left = printing.0.clone();
        Printed { component, stream, line: Vec::new(), left }
    }

    fn opened(&self) -> Box<Printed> {
        let (component, left) = (self.component.clone(), self.left.clone());
        Box::new(Printed { component, stream: self.stream, line: Vec::new(), left })
    }

    fn take(&mut self, bytes: &[u8]) {
        // One instance prints from one thread at a time, so this can't race.
        let left = self.left.load(Ordering::Relaxed);
        let (logged, dropped) = bytes.split_at(bytes.len().min(left));
        self.left.store(left - logged.len(), Ordering::Relaxed);
        if left > 0 && !dropped.is_empty() {
            tracing::warn!(component = %self.component, stream = self.stream, "a component prints too much: the rest is dropped");
        }
        for &byte in logged {
            if byte != b'\n' {
                self.line.push(byte);
            }
            if byte == b'\n' || self.line.len() == LINE_BYTES_MAX {
                self.log();
            }
        }
    }

    fn log(&mut self) {
        let line = String::from_utf8_lossy(&self.line);
        tracing::info!(component = %self.component, stream = self.stream, "{}", line.escape_debug());
        self.line.clear();
    }
}

impl Drop for Printed {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            self.log();
        }
    }
}

impl IsTerminal for Printed {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Printed {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        self.opened()
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        self.opened()
    }
}

impl OutputStream for Printed {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LINE_BYTES_MAX)
    }
}

impl Pollable for Printed {
    /// What `async fn ready(&mut self)` means in the trait: always at once.
    fn ready<'own, 'future>(&'own mut self) -> Pin<Box<dyn Future<Output = ()> + Send + 'future>>
    where
        'own: 'future,
        Self: 'future,
    {
        Box::pin(std::future::ready(()))
    }
}

impl AsyncWrite for Printed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
