//! Between the words of the switchboard and those of SIP, media and the log.

use konf_contract::link::{LegLeft, LegStatus, Quality, RecordEvent};
use konf_contract::{Caller, ConferenceNumber};
use konf_media::{LegStats, OpusWishes, RoomId, Rtcp, SourceRule, SrtpKeys, SrtpSuite, Stream};
use konf_switchboard::Key;
use tracing::info;

/// What control is told of what was heard of a leg.
pub(crate) fn quality(stats: &LegStats) -> Quality {
    Quality {
        packets_received: stats.packets_received,
        packets_lost: stats.packets_lost,
        packets_late: stats.packets_late,
        jitter_us: stats.jitter_us,
        packets_refused: Some(stats.packets_refused),
        concealed_ms: Some(stats.concealed_ms),
        stretched_ms: Some(stats.stretched_ms),
        discarded_ms: Some(stats.discarded_ms),
        delay_ms: Some(stats.delay_ms),
        round_trip_ms: stats.round_trip_ms,
        remote_loss_percent: stats.remote_loss_percent.map(u32::from),
        remote_jitter_us: stats.remote_jitter_us,
        mos_x100: stats.mos_x100.map(u32::from),
        mos_now_x100: stats.mos_now_x100.map(u32::from),
        codec: stats.codec.map(|codec| codec_name(codec).to_owned()),
        encrypted: Some(stats.encrypted),
    }
}

/// What is seen of a leg while it is up.
pub(crate) fn add_quality(leg: &mut LegStatus, stats: &LegStats) {
    leg.quality = Some(quality(stats));
    leg.remote = stats.remote.map(|address| address.to_string());
    leg.level_dbov = Some(stats.level_dbov.into());
    leg.speaking = Some(stats.speaking);
    leg.suppressed_db = stats.suppressed_db.map(u32::from);
    leg.local = stats.local.map(|address| address.to_string());
}

/// As SDP names it (RFC 3551, RFC 7587).
fn codec_name(codec: konf_media::Codec) -> &'static str {
    match codec {
        konf_media::Codec::Pcma => "PCMA",
        konf_media::Codec::Pcmu => "PCMU",
        konf_media::Codec::G722 => "G722",
        konf_media::Codec::Opus => "opus",
    }
}

/// A room of the mixer for a conference: its number behind a 1, so that leading zeros count.
pub(super) fn room_of(conference: &ConferenceNumber) -> RoomId {
    RoomId(conference.as_str().bytes().fold(1, |id, digit| id * 10 + u64::from(digit - b'0')))
}

pub(super) fn stream_of(
    offer: &konf_sip::MediaOffer,
    source: &SourceRule,
    ssrc: u32,
    first_sequence: u16,
    first_timestamp: u32,
) -> Stream {
    use konf_media::{Codec, Direction};
    let konf_sip::OpusWishes { max_average_bitrate, max_playback_rate, in_band_fec, dtx } =
        offer.opus;
    Stream {
        remote: offer.remote,
        source: source.clone(),
        codec: match offer.codec {
            konf_sip::Codec::Pcma => Codec::Pcma,
            konf_sip::Codec::Pcmu => Codec::Pcmu,
            konf_sip::Codec::G722 => Codec::G722,
            konf_sip::Codec::Opus => Codec::Opus,
        },
        payload_type: offer.payload_type,
        receive_payload_type: offer.receive_payload_type,
        event_payload_type: offer.event_payload_type,
        opus: OpusWishes { max_average_bitrate, max_playback_rate, in_band_fec, dtx },
        rtcp: match offer.rtcp {
            konf_sip::Rtcp::Mux => Rtcp::Mux,
            konf_sip::Rtcp::Separate(address) => Rtcp::Separate(address),
        },
        srtp: offer.crypto.as_ref().map(keys_of),
        direction: match offer.direction {
            konf_sip::Direction::SendReceive => Direction::SendReceive,
            konf_sip::Direction::SendOnly => Direction::SendOnly,
            konf_sip::Direction::ReceiveOnly => Direction::ReceiveOnly,
            konf_sip::Direction::Inactive => Direction::Inactive,
        },
        ssrc,
        first_sequence,
        first_timestamp,
    }
}

fn keys_of(crypto: &konf_sip::Crypto) -> SrtpKeys {
    let suite = match crypto.suite {
        konf_sip::Suite::AesCm128HmacSha1_80 => SrtpSuite::AesCm128HmacSha1Tag80,
        konf_sip::Suite::AesCm128HmacSha1_32 => SrtpSuite::AesCm128HmacSha1Tag32,
    };
    SrtpKeys::new(suite, *crypto.receive.expose(), *crypto.send.expose())
}

pub(super) fn key_of(key: char) -> Option<Key> {
    match key {
        '0'..='9' => Some(Key::Number(key as u8 - b'0')),
        '*' => Some(Key::Star),
        '#' => Some(Key::Hash),
        _ => None,
    }
}

/// As much of a caller as a log may hold.
pub(super) fn shown(caller: &Caller) -> String {
    caller.number.as_ref().map_or_else(|| "withheld".to_owned(), |number| number.masked())
}

pub(super) fn log(event: &RecordEvent) {
    match event {
        RecordEvent::LegJoined(joined) => {
            info!(leg = %joined.leg, conference = %joined.conference, "a caller is in the room");
        }
        RecordEvent::LegLeft(left) => log_end(left),
        RecordEvent::RoomEmpty { conference, .. } => info!(%conference, "a room is empty"),
    }
}

/// The one line of each leg's end: result, reason, who.
fn log_end(left: &LegLeft) {
    let conference = left.conference.as_ref().map(|c| c.as_str()).unwrap_or_default();
    let quality = left.quality.clone().unwrap_or_default();
    info!(
        leg = %left.leg,
        result = if left.joined.is_some() { "joined" } else { "not-joined" },
        reason = ?left.end.reason,
        who = ?left.end.who,
        detail = left.end.detail.as_deref().unwrap_or_default(),
        conference,
        caller = shown(&left.caller),
        trunk = left.caller.trunk,
        duration_ms = left.duration_ms,
        packets_received = quality.packets_received,
        packets_lost = quality.packets_lost,
        packets_late = quality.packets_late,
        jitter_us = quality.jitter_us,
        concealed_ms = quality.concealed_ms,
        mos_x100 = quality.mos_x100,
        codec = quality.codec,
        "a leg has ended"
    );
}
