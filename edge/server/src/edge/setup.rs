//! What the parts of the edge are started with.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use konf_contract::UnixMs;
use konf_prompts::Catalogue;
use konf_sip::Seed;
use konf_switchboard::LocalTime;
use rand::Rng as _;
use rand::rngs::StdRng;

use super::PRODUCT;
use crate::config::Config;
use crate::signalling::Signalling;

/// The file in the state directory that one edge holds.
const LOCK_FILE: &str = "lock";

/// The prompts, with a deployment's own recordings.
pub fn catalogue(config: &Config) -> Result<Catalogue> {
    match &config.prompts_dir {
        Some(folder) => Catalogue::load(folder).context("prompts_dir"),
        None => Ok(Catalogue::built_in()),
    }
}

/// Two edges in one state directory would each close the other's calls.
pub(super) fn lock(folder: &Path) -> Result<std::fs::File> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("creating state_dir {}", folder.display()))?;
    let path = folder.join(LOCK_FILE);
    let file =
        std::fs::File::create(&path).with_context(|| format!("creating {}", path.display()))?;
    file.try_lock().with_context(|| format!("{} is in use by another edge", folder.display()))?;
    Ok(file)
}

pub(super) fn sip_config(
    config: &Config,
    signalling: &Signalling,
    random: &mut StdRng,
) -> konf_sip::Config {
    let mut advertised = config.sip_advertised;
    if advertised.port() == 0 {
        advertised.set_port(signalling.local.port());
    }
    let mut advertised_tls = config.sip_tls.as_ref().map_or(advertised, |tls| tls.advertised);
    if let Some(local) = signalling.local_tls.filter(|_| advertised_tls.port() == 0) {
        advertised_tls.set_port(local.port());
    }
    konf_sip::Config {
        advertised,
        advertised_tls,
        product: PRODUCT.to_owned(),
        served_users: config.served_users.clone(),
        trunks: config.trunks.clone(),
        calls_max: config.capacity as usize,
        stranger_calls_per_second: config.stranger_calls_per_second,
        phones: config.phones.clone(),
        phones_required: config.phones_required,
        phones_md5_only: config.phones_md5_only,
        realm: config.realm.clone(),
        nonce_key: Seed::from(random.random::<[u8; 32]>()),
        codecs: config.codecs.clone(),
        srtp: config.srtp,
        srtp_seed: Seed::from(random.random::<[u8; 32]>()),
        seed: random.random(),
    }
}

pub(super) fn switchboard_config(config: &Config) -> konf_switchboard::Config {
    konf_switchboard::Config {
        language: config.language,
        tries: config.tries,
        key_patience: Duration::from_secs(10),
        repeats: 2,
        name_longest: Duration::from_secs(5),
        ask_names: config.ask_names,
        warning: Duration::from_secs(300),
        ask_patience: Duration::from_secs(5),
        local_time: prague,
    }
}

/// Wall time where the callers are (PRODUCT.md, section 1).
pub(super) fn prague(at: UnixMs) -> LocalTime {
    static PRAGUE: jiff::tz::TimeZone = jiff::tz::get!("Europe/Prague");
    let time = PRAGUE.to_datetime(jiff::Timestamp::from_millisecond(at.0).unwrap_or_default());
    LocalTime {
        year: time.year(),
        month: time.month() as u8,
        day: time.day() as u8,
        hour: time.hour() as u8,
        minute: time.minute() as u8,
    }
}
