//! A voice through the whole path: one phone speaks, packets of it are lost, the engine mixes, another phone listens.
//! Time is virtual, chance is seeded.
//!
//!     cargo run -p konf-media --example sound_path SPEECH.wav pcma|pcmu|opus LOSS_PERCENT SEED HEARD.wav [leave-noise]
//!
//! Speech is 16 bit mono at the phone's rate: 8 kHz for G.711, 16 kHz for Opus. Nothing is lost on the way back. With
//! `leave-noise` the engine leaves all noise under the voice.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use konf_contract::LegId;
use konf_media::{Codec, Command, Direction, Engine, OpusWishes, RoomId, Rtcp, SourceRule, Stream};
use opus::{Application, Bitrate, Channels};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// 20 ms, the packet time of telephones.
const TICK: Duration = Duration::from_millis(20);

/// A packet comes so long before the tick after it.
const PHASE: Duration = Duration::from_millis(7);

/// Heard after the speech has ended, so that its end comes through: half a second.
const TAIL: usize = 25;

/// What mobile apps spend on a wide band voice with copies of it, in bits a second.
const BITRATE: i32 = 32_000;

const SPEAKER: LegId = LegId(1);
const LISTENER: LegId = LegId(2);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [speech, codec, loss, seed, heard, rest @ ..] = &arguments[..] else {
        panic!("sound_path SPEECH.wav pcma|pcmu|opus LOSS_PERCENT SEED HEARD.wav [leave-noise]");
    };
    let leaves_noise = rest.iter().any(|argument| argument == "leave-noise");
    let codec = codec_of(codec);
    let loss: u8 = loss.parse().expect("a loss of 0 to 100 percent");
    let seed = seed.parse().expect("a seed");
    let mut engine = Engine::new(seed);
    if leaves_noise {
        engine.leave_noise();
    }
    let bytes = std::fs::read(speech).expect("a file of speech");
    let (rate, samples) = konf_prompts::wav::read_at_any_rate(&bytes).expect("WAV, 16 bit mono");
    assert_eq!(rate, phone_rate(codec), "samples a second of {codec:?}");
    let out = through_the_bridge(engine, codec, &samples, (loss, seed));
    std::fs::write(heard, wav(rate, &out)).expect("a place for what is heard");
}

fn through_the_bridge(
    mut engine: Engine,
    codec: Codec,
    speech: &[i16],
    (loss, seed): (u8, u64),
) -> Vec<i16> {
    let mut chance = StdRng::seed_from_u64(seed);
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other constructor")]
    let start = Instant::now();
    for leg in [SPEAKER, LISTENER] {
        engine.handle_command(start, Command::AddLeg { leg, stream: stream(leg, codec) });
        engine.handle_command(start, Command::Join { leg, room: RoomId(1) });
    }
    let mut speaker = Phone::new(SPEAKER, codec, loss);
    let mut listener = Phone::new(LISTENER, codec, loss);
    let frame = phone_rate(codec) as usize / 50;
    let silence = vec![0; frame];
    let pauses = std::iter::repeat_n(&silence[..], TAIL);
    let mut now = start;
    for sound in speech.chunks_exact(frame).chain(pauses) {
        now += TICK;
        let lost = chance.random_range(0..100) < loss;
        let said = speaker.say(sound);
        if !lost {
            engine.handle_datagram(now - PHASE, SPEAKER, address(SPEAKER), &said);
        }
        engine.handle_datagram(now - PHASE, LISTENER, address(LISTENER), &listener.say(&silence));
        engine.tick(now);
        while let Some(packet) = engine.poll_transmit() {
            // What is no RTP are reports (RFC 5761, 4).
            if packet.leg == LISTENER && !matches!(packet.bytes, [_, 192..=223, ..]) {
                listener.hear(&packet.bytes[12..]);
            }
        }
        while engine.poll_event().is_some() {}
    }
    let stats = engine.stats(SPEAKER).expect("the speaker is still there");
    println!("lost {} concealed {} ms", stats.packets_lost, stats.concealed_ms);
    listener.heard
}

/// A telephone without anything to hide loss with, as none happens on the way to it.
struct Phone {
    leg: LegId,
    codec: Codec,
    encoder: opus::Encoder,
    decoder: opus::Decoder,
    packets: u32,
    heard: Vec<i16>,
}

impl Phone {
    /// It has been told by reports how much of what it says is lost.
    fn new(leg: LegId, codec: Codec, loss: u8) -> Self {
        let rate = phone_rate(codec);
        let decoder = opus::Decoder::new(rate, Channels::Mono).expect("a rate of Opus");
        let encoder = opus::Encoder::new(rate, Channels::Mono, Application::Voip);
        let mut encoder = encoder.expect("a rate of Opus");
        encoder.set_bitrate(Bitrate::Bits(BITRATE)).expect("a bit rate of Opus");
        encoder.set_inband_fec(true).expect("a switch of Opus");
        encoder.set_packet_loss_perc(i32::from(loss)).expect("a loss that Opus knows");
        Self { leg, codec, encoder, decoder, packets: 0, heard: Vec::new() }
    }

    fn say(&mut self, sound: &[i16]) -> Vec<u8> {
        let mut bytes = vec![0x80, payload_type(self.codec)];
        bytes.extend((self.packets as u16).to_be_bytes());
        bytes.extend((self.packets * (self.codec.clock_rate() / 50)).to_be_bytes());
        bytes.extend((self.leg.0 as u32).to_be_bytes());
        self.packets += 1;
        match self.codec {
            Codec::Pcma => {
                bytes.extend(sound.iter().map(|&s| audio_codec_algorithms::encode_alaw(s)));
            }
            Codec::Pcmu => {
                bytes.extend(sound.iter().map(|&s| audio_codec_algorithms::encode_ulaw(s)));
            }
            _ => bytes.extend(self.encoder.encode_vec(sound, 1_275).expect("20 ms of sound")),
        }
        bytes
    }

    fn hear(&mut self, payload: &[u8]) {
        match self.codec {
            Codec::Pcma => {
                let samples = payload.iter().map(|&c| audio_codec_algorithms::decode_alaw(c));
                self.heard.extend(samples);
            }
            Codec::Pcmu => {
                let samples = payload.iter().map(|&c| audio_codec_algorithms::decode_ulaw(c));
                self.heard.extend(samples);
            }
            _ => {
                let mut out = [0; 320];
                let decoded = self.decoder.decode(payload, &mut out, false);
                self.heard.extend(&out[..decoded.expect("20 ms at 16 kHz")]);
            }
        }
    }
}

fn stream(leg: LegId, codec: Codec) -> Stream {
    Stream {
        remote: address(leg),
        source: SourceRule::Exact,
        codec,
        payload_type: payload_type(codec),
        receive_payload_type: payload_type(codec),
        event_payload_type: Some(101),
        opus: OpusWishes { in_band_fec: true, ..OpusWishes::default() },
        rtcp: Rtcp::Mux,
        srtp: None,
        direction: Direction::SendReceive,
        ssrc: 100,
        first_sequence: 0,
        first_timestamp: 0,
    }
}

fn address(leg: LegId) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, leg.0 as u8], 4_000))
}

fn codec_of(name: &str) -> Codec {
    match name {
        "pcma" => Codec::Pcma,
        "pcmu" => Codec::Pcmu,
        "opus" => Codec::Opus,
        _ => panic!("{name} is none of pcma, pcmu, opus"),
    }
}

fn payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
        Codec::G722 => 9,
        Codec::Opus => 111,
    }
}

/// What the phone's microphone and loudspeaker work at.
fn phone_rate(codec: Codec) -> u32 {
    match codec {
        Codec::Pcma | Codec::Pcmu => 8_000,
        Codec::G722 | Codec::Opus => 16_000,
    }
}

fn wav(rate: u32, samples: &[i16]) -> Vec<u8> {
    let data = samples.len() as u32 * 2;
    let mut bytes = Vec::with_capacity(44 + data as usize);
    bytes.extend(b"RIFF");
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * 2).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(data.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}
