//! The WebAssembly engine: its limits, its clock and the cache of compiled components.

use crate::policy::FRESH_TOTAL_MAX;
use crate::{Digest, Limits, LoadError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use wasmtime::component::Component;
use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig};

/// One tick of the engine's clock while guests run. So long a loop can hold a thread before it gives way: much less than
/// a request takes, since others wait behind it.
pub(crate) const TICK_MS: u64 = 1;

/// While nobody runs nobody is held up, and the processor may sleep.
const IDLE_TICK_MS: u64 = 10;

/// Counts what keeps the clock at its short ticks: beginnings of guests, and the ticks that they see.
static GUESTS: AtomicU64 = AtomicU64::new(0);

/// Says that a guest begins, or is still at work.
pub(crate) fn note_guest() {
    GUESTS.fetch_add(1, Relaxed);
}

/// A Rust guest touches 1.1 MB of its memory; keeping that much of a slot resident spares the next call page faults.
const KEEP_RESIDENT_BYTES: usize = 1_280 << 10;

/// The same for tables: a Rust guest's has some hundred entries of 8 octets.
const KEEP_TABLE_BYTES: usize = 16 << 10;

/// Slots that stay warm without being used, which bounds what [`KEEP_RESIDENT_BYTES`] costs to 40 MiB.
const WARM_SLOTS: u32 = 32;

/// A component built for WASI 0.2 has three core instances (itself and two of shims), one with an adapter five, one from
/// JavaScript eleven.
const CORE_INSTANCES_PER_COMPONENT: u32 = 12;

/// One from JavaScript has its own and two of what stands for WASI.
const MEMORIES_PER_COMPONENT: u32 = 3;
const TABLES_PER_COMPONENT: u32 = 3;

pub(crate) fn start(limits: &Limits) -> Result<Engine, LoadError> {
    let failed = |error: wasmtime::Error| LoadError::Engine(format!("{error:#}"));
    let mut config = Config::new();
    config.epoch_interruption(true);
    config.allocation_strategy(pool(limits));
    let engine = Engine::new(&config).map_err(failed)?;
    tick(&engine).map_err(|error| LoadError::Engine(error.to_string()))?;
    Ok(engine)
}

/// Room for each request from outside, as many chained calls, a policy under each of them, as many instances that are
/// kept, and those that are made ahead.
fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let concurrency = u32::try_from(limits.concurrency).unwrap_or(u32::MAX);
    let total = concurrency.saturating_mul(5).max(10).saturating_add(FRESH_TOTAL_MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(total)
        .total_core_instances(total.saturating_mul(CORE_INSTANCES_PER_COMPONENT))
        .total_memories(total.saturating_mul(MEMORIES_PER_COMPONENT))
        .total_tables(total.saturating_mul(TABLES_PER_COMPONENT))
        .total_stacks(total)
        .max_memory_size(limits.memory_bytes.max(limits.policy_memory_bytes))
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_TABLE_BYTES)
        .max_unused_warm_slots(WARM_SLOTS)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// A thread that moves the engine's clock and ends with the engine.
fn tick(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("konf-epoch".into()).spawn(move || {
        let mut seen = 0;
        loop {
            let guests = GUESTS.load(Relaxed);
            let tick = if guests == seen { IDLE_TICK_MS } else { TICK_MS };
            seen = guests;
            std::thread::sleep(Duration::from_millis(tick));
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    })?;
    Ok(())
}

// ── compiling ───────────────────────────────────────────────────────────────────────────────────────────────────────

/// Compiles components, and keeps what it compiled.
pub(crate) struct Compiler {
    engine: Engine,
    cache: Option<PathBuf>,
}

impl Compiler {
    pub(crate) fn new(engine: Engine, cache_dir: Option<&Path>) -> Compiler {
        let cache = cache_dir.and_then(|folder| match private_folder(folder) {
            Ok(()) => Some(folder.to_owned()),
            Err(why) => {
                tracing::warn!(folder = %folder.display(), %why, "compiled components are not kept");
                None
            }
        });
        Compiler { engine, cache }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// From the cache, else by compiling (0.1 to 0.8 s).
    pub(crate) fn compile(&self, bytes: &[u8], digest: &Digest) -> Result<Component, String> {
        let Some(folder) = &self.cache else {
            return Component::from_binary(&self.engine, bytes)
                .map_err(|error| format!("{error:#}"));
        };
        let path = folder.join(format!("{}-{}.cwasm", digest.hex(), self.compatibility()));
        if let Some(component) = self.load(&path) {
            return Ok(component);
        }
        let compiled =
            self.engine.precompile_component(bytes).map_err(|error| format!("{error:#}"))?;
        if let Err(error) = keep(&path, &compiled) {
            tracing::warn!(path = %path.display(), %error, "a compiled component could not be kept");
        }
        self.deserialize(&compiled).map_err(|error| format!("{error:#}"))
    }

    /// Nothing when the file is absent, was cut short or was written by somebody else.
    fn load(&self, path: &Path) -> Option<Component> {
        if !is_ours(path) {
            return None;
        }
        let file = std::fs::read(path).ok()?;
        let (checksum, compiled) = file.split_at_checked(CHECKSUM_BYTES)?;
        if Digest::of(compiled).0 != *checksum {
            tracing::warn!(path = %path.display(), "a compiled component is damaged and is compiled again");
            return None;
        }
        self.deserialize(compiled).ok()
    }

    #[expect(unsafe_code, reason = "the only way to load compiled code; see the safety comment")]
    fn deserialize(&self, compiled: &[u8]) -> wasmtime::Result<Component> {
        // SAFETY: the bytes were either just made by this engine, or come from a file of our own user in a folder that
        // nobody else may write to, under a checksum and a name that holds this engine's compatibility hash.
        unsafe { Component::deserialize(&self.engine, compiled) }
    }

    /// What a compiled component depends on besides its bytes: version, settings and processor.
    fn compatibility(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.engine.precompile_compatibility_hash().hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

/// A SHA-256 of the rest stands before it.
const CHECKSUM_BYTES: usize = 32;

fn keep(path: &Path, compiled: &[u8]) -> std::io::Result<()> {
    // Several processes, and several threads of one, may keep the same component at the same time.
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Relaxed);
    let unfinished = path.with_extension(format!("{}-{number}.new", std::process::id()));
    let mut file = private_file(&unfinished)?;
    file.write_all(&Digest::of(compiled).0)?;
    file.write_all(compiled)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(unix)]
fn private_folder(folder: &Path) -> Result<(), String> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| error.to_string())?;
    match is_ours(folder) {
        true => Ok(()),
        false => Err("another user may write to the folder".into()),
    }
}

/// Owned by this process's user, and writable by nobody else.
#[cfg(unix)]
fn is_ours(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    // The process's own entry belongs to its effective user; there is no other way to ask without libc.
    let Ok(own) = std::fs::metadata("/proc/self") else { return false };
    std::fs::symlink_metadata(path).is_ok_and(|found| {
        found.uid() == own.uid() && found.mode() & 0o022 == 0 && !found.is_symlink()
    })
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::File::create(path)
}

#[cfg(not(unix))]
fn private_folder(_: &Path) -> Result<(), String> {
    Err("only Unix can tell whose a file is".into())
}

#[cfg(not(unix))]
fn is_ours(_: &Path) -> bool {
    false
}
