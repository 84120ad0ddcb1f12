use std::f64::consts::TAU;

use proptest::prelude::*;

use super::*;
use crate::frame::power;

const CODECS: [Codec; 4] = [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus];

/// 20 ms.
fn frame_of(codec: Codec) -> usize {
    codec.rate() as usize / 50
}

fn tone(hz: f64, codec: Codec, length: usize) -> Vec<i16> {
    let angle = |i: usize| TAU * hz * i as f64 / f64::from(codec.rate());
    (0..length).map(|i| (8_000.0 * angle(i).sin()) as i16).collect()
}

/// There and back again.
fn heard(codec: Codec, sound: &[i16]) -> Vec<i16> {
    let mut encoder = Encoder::new(codec, &OpusWishes::default());
    let mut decoder = Decoder::new(codec);
    let mut heard = vec![0; sound.len()];
    let frame = frame_of(codec);
    for (sound, out) in sound.chunks_exact(frame).zip(heard.chunks_exact_mut(frame)) {
        let mut payload = [0; PAYLOAD_MAX];
        let length = encoder.encode(sound, &mut payload);
        assert_eq!(decoder.samples(&payload[..length]), Some(frame));
        assert_eq!(decoder.decode(&payload[..length], out), Some(frame));
    }
    heard
}

#[test]
fn a_tone_comes_through_each_codec_as_loud_as_it_was() {
    for codec in CODECS {
        for hz in [400.0, 1_000.0, 3_000.0, f64::from(codec.rate().min(16_000)) * 0.4] {
            let sound = tone(hz, codec, 25 * frame_of(codec));
            let heard = heard(codec, &sound);
            let steady = 5 * frame_of(codec);
            let db = 10.0 * (power(&heard[steady..]) / power(&sound[steady..])).log10();
            assert!(db.abs() < 1.0, "{codec:?} {hz} Hz: {db} dB");
        }
    }
}

#[test]
fn silence_stays_silent() {
    for codec in CODECS {
        let heard = heard(codec, &vec![0; 10 * frame_of(codec)]);
        assert!(crate::frame::is_silent(&heard), "{codec:?}");
    }
}

#[test]
fn what_does_not_fit_is_neither_decoded_nor_encoded() {
    for codec in CODECS {
        let mut encoder = Encoder::new(codec, &OpusWishes::default());
        let mut payload = [0; PAYLOAD_MAX];
        let length = encoder.encode(&tone(300.0, codec, frame_of(codec)), &mut payload);
        let mut decoder = Decoder::new(codec);
        let mut short = vec![0; frame_of(codec) - 1];
        assert_eq!(decoder.decode(&payload[..length], &mut short), None, "{codec:?}");
        assert_eq!(decoder.decode(&[], &mut [0; SAMPLES_MAX]), None, "{codec:?}");
    }
    for codec in [Codec::Pcma, Codec::Pcmu, Codec::G722] {
        assert_eq!(Decoder::new(codec).samples(&[0x55; 1_601]), None, "{codec:?}");
    }
    // Seven frames of 20 ms.
    assert_eq!(Decoder::new(Codec::Opus).samples(&[31 << 3 | 3, 7, 1, 1, 1, 1, 1, 1, 1]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Random payloads in a row at one decoder, the gaps between them recovered or concealed.
    #[test]
    fn nothing_that_a_payload_says_panics_or_overflows(
        payloads in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..1_500), 0usize..48, any::<bool>()),
            1..12,
        ),
    ) {
        for codec in CODECS {
            let mut decoder = Decoder::new(codec);
            let mut out = [0; SAMPLES_MAX];
            for (payload, steps, odd) in &payloads {
                let samples = decoder.samples(payload);
                let missing = &mut out[..steps * 120 + usize::from(*odd)];
                let length = missing.len();
                if let Some(made) = decoder.recover(payload, missing) {
                    prop_assert_eq!(made, length);
                }
                let missing = &mut out[..length];
                decoder.conceal(missing);
                if let Some(decoded) = decoder.decode(payload, &mut out) {
                    prop_assert_eq!(Some(decoded), samples);
                }
            }
        }
    }

    /// Whatever is said at whatever level; nothing longer than promised comes out.
    #[test]
    fn any_sound_is_encoded(samples in prop::collection::vec(any::<i16>(), 960), loss in any::<u8>()) {
        for codec in CODECS {
            let wishes = OpusWishes { in_band_fec: true, ..OpusWishes::default() };
            let mut encoder = Encoder::new(codec, &wishes);
            encoder.set_loss(loss);
            let mut payload = [0; PAYLOAD_MAX];
            let length = encoder.encode(&samples[..frame_of(codec)], &mut payload);
            prop_assert!((1..=PAYLOAD_MAX).contains(&length));
            let mut out = [0; SAMPLES_MAX];
            let decoded = Decoder::new(codec).decode(&payload[..length], &mut out);
            prop_assert_eq!(decoded, Some(frame_of(codec)));
        }
    }
}
