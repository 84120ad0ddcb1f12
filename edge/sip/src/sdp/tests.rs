use super::*;
use crate::media::{Direction, OpusWishes, Rtcp, Suite};

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n";
const ORIGIN: Origin = Origin { id: 5, version: 1 };

const ALL: [Codec; 4] = [Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu];
/// A trunk's, where the peer's order counts.
const TERMS: Terms<'_> = Terms {
    codecs: &[Codec::Pcma, Codec::Pcmu],
    in_their_order: true,
    srtp: Srtp::Off,
    is_secure: false,
};

fn parse(media: &str, terms: &Terms<'_>) -> Result<Description, SdpError> {
    Description::parse(format!("{HEAD}{media}").as_bytes(), terms)
}

fn offer(media: &str) -> Result<MediaOffer, SdpError> {
    parse(media, &TERMS).map(|d| d.offer)
}

fn local() -> SocketAddr {
    "192.0.2.1:20000".parse().unwrap()
}

#[test]
fn the_first_codec_of_the_offer_that_we_have_is_taken() {
    for (media, codec, number, events) in [
        ("m=audio 4000 RTP/AVP 8 0\r\n", Codec::Pcma, 8, None),
        (
            "m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n",
            Codec::Pcmu,
            0,
            Some(101),
        ),
        (
            "m=audio 4000 RTP/AVP 9 96 8\r\na=rtpmap:9 G722/8000\r\na=rtpmap:96 pcma/8000/1\r\n",
            Codec::Pcma,
            96,
            None,
        ),
        (
            "m=audio 4000 RTP/AVP 18 0 100 97\r\na=rtpmap:100 telephone-event/16000\r\na=rtpmap:97 telephone-event/8000\r\n",
            Codec::Pcmu,
            0,
            Some(97),
        ),
        ("m=audio 4000 rtp/avp 0\r\na=rtpmap:0 PCMU/8000\r\na=fmtp:0 x\r\n", Codec::Pcmu, 0, None),
    ] {
        let offer = offer(media).unwrap();
        assert_eq!(
            (offer.codec, offer.payload_type, offer.event_payload_type),
            (codec, number, events),
            "{media}"
        );
        assert_eq!(offer.remote, "192.0.2.9:4000".parse().unwrap());
    }
}

#[test]
fn streams_that_cannot_be_used_are_refused() {
    for media in [
        "",
        "m=video 4000 RTP/AVP 8\r\n",
        "m=audio 0 RTP/AVP 8\r\n",
        "m=audio 4000 RTP/SAVP 8\r\n",
        "m=audio 4000 RTP/AVP 18 101\r\na=rtpmap:101 telephone-event/8000\r\n",
        "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/16000\r\n",
        "m=audio 4000 RTP/AVP 8\r\nc=IN IP4 224.2.1.1/127\r\n",
        "m=audio 4000 RTP/AVP 8\r\nc=IN IP4 255.255.255.255\r\n",
        "m=audio 4000 RTP/AVP 8\r\nc=IN IP4 phone.example.com\r\n",
    ] {
        assert_eq!(offer(media), Err(SdpError::NothingInCommon), "{media}");
    }
}

#[test]
fn what_is_no_sdp_or_too_much_of_it_is_malformed() {
    let many_media = "m=audio 0 RTP/AVP 8\r\n".repeat(MEDIA_MAX + 1);
    let many_attributes =
        format!("m=audio 4 RTP/AVP 8\r\n{}", "a=x\r\n".repeat(ATTRIBUTES_MAX + 9));
    for media in
        ["m=audio x RTP/AVP 8\r\n", "m=\r\n", "nonsense\r\n", &many_media, &many_attributes]
    {
        assert_eq!(offer(media), Err(SdpError::Malformed), "{media:.60}");
    }
    assert_eq!(Description::parse(&[0xff; 100], &TERMS), Err(SdpError::Malformed));
}

#[test]
fn hold_comes_as_a_direction_or_as_an_empty_address() {
    for (lines, direction) in [
        ("", Direction::SendReceive),
        ("a=sendrecv\r\n", Direction::SendReceive),
        ("a=sendonly\r\n", Direction::ReceiveOnly),
        ("a=recvonly\r\n", Direction::SendOnly),
        ("a=inactive\r\n", Direction::Inactive),
        ("c=IN IP4 0.0.0.0\r\n", Direction::ReceiveOnly),
        ("c=IN IP4 0.0.0.0\r\na=recvonly\r\n", Direction::Inactive),
    ] {
        assert_eq!(
            offer(&format!("m=audio 4000 RTP/AVP 8\r\n{lines}")).unwrap().direction,
            direction
        );
    }
    let session = format!("{HEAD}a=sendonly\r\nm=audio 4000 RTP/AVP 8\r\n");
    assert_eq!(
        Description::parse(session.as_bytes(), &TERMS).unwrap().offer.direction,
        Direction::ReceiveOnly
    );
}

#[test]
fn the_answer_has_a_line_for_each_medium_of_the_offer() {
    let offer = format!(
        "{HEAD}m=video 4002 RTP/AVP 31 32\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=sendonly\r\nm=audio 4004 RTP/AVP 8\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    );
    let description = Description::parse(offer.as_bytes(), &TERMS).unwrap();
    assert_eq!(
        description.answer(ORIGIN, local()),
        "v=0\r\no=konf 5 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
         m=video 0 RTP/AVP 31\r\n\
         m=audio 20000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=ptime:20\r\na=recvonly\r\n\
         m=audio 0 RTP/AVP 8\r\nm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    );
}

#[test]
fn our_own_descriptions_can_be_read_back() {
    let now = offer("m=audio 4000 RTP/AVP 0\r\n").unwrap();
    let own = OwnOffer::new(Some(&Layout::single("RTP/AVP")), &now, &TERMS, keys());
    let text = own.text(ORIGIN, "[2001:db8::1]:20000".parse().unwrap());
    let read = Description::parse(text.as_bytes(), &TERMS).unwrap().offer;
    assert_eq!(read.remote, "[2001:db8::1]:20000".parse().unwrap());
    assert_eq!((read.codec, read.event_payload_type), (Codec::Pcmu, Some(101)));
}

#[test]
fn sdp_is_found_beside_isup() {
    let body = b"preamble\r\n--b1\r\nContent-Type: application/isup;version=x\r\n\r\n\x01\x00\x49\r\n--b1\r\n\
        content-type : application/sdp\r\n\r\nv=0\r\n--b1--\r\n";
    assert_eq!(find_in_multipart(body, "b1"), Some(b"v=0".as_slice()));
    assert_eq!(find_in_multipart(body, "b2"), None);
    assert_eq!(find_in_multipart(b"--b1\r\n\r\nv=0\r\n--b1--", "b1"), None);
    assert_eq!(find_in_multipart(body, &"b".repeat(71)), None);
}

fn keys() -> [SrtpKey; 2] {
    [SrtpKey::new([1; 30]), SrtpKey::new([2; 30])]
}

/// As a desk phone of today offers.
const RICH: &str = "m=audio 4000 RTP/AVP 0 8 9 107 101 100\r\na=rtpmap:107 OPUS/48000/2\r\n\
    a=fmtp:107 maxaveragebitrate=24000; useinbandfec=1;maxplaybackrate=16000;usedtx=1;stereo=1;x\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=rtpmap:100 telephone-event/48000\r\na=rtcp-mux\r\n";

#[test]
fn phones_get_our_best_and_trunks_their_own() {
    let ours = Terms { codecs: &ALL, in_their_order: false, ..TERMS };
    let theirs = Terms { codecs: &ALL, ..TERMS };
    let chosen = |terms: &Terms<'_>| {
        let offer = parse(RICH, terms).unwrap().offer;
        (offer.codec, offer.payload_type, offer.event_payload_type, offer.event_clock_rate)
    };
    assert_eq!(chosen(&ours), (Codec::Opus, 107, Some(100), 48_000));
    assert_eq!(chosen(&theirs), (Codec::Pcmu, 0, Some(101), 8_000));
    let narrow = [Codec::Pcma, Codec::G722];
    let no_opus = Terms { codecs: &narrow, in_their_order: false, ..TERMS };
    assert_eq!(chosen(&no_opus), (Codec::Pcma, 8, Some(101), 8_000));
    let wide = [Codec::G722, Codec::Pcma];
    assert_eq!(chosen(&Terms { codecs: &wide, ..no_opus }), (Codec::G722, 9, Some(101), 8_000));
}

#[test]
fn what_the_peer_wants_of_opus_is_read_and_nothing_else() {
    let terms = Terms { codecs: &ALL, in_their_order: false, ..TERMS };
    let wishes = |fmtp: &str| {
        let media =
            format!("m=audio 4 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 {fmtp}\r\n");
        parse(&media, &terms).unwrap().offer.opus
    };
    let rich = parse(RICH, &terms).unwrap().offer.opus;
    let expected = OpusWishes {
        max_average_bitrate: Some(24_000),
        max_playback_rate: 16_000,
        in_band_fec: true,
        dtx: true,
    };
    assert_eq!(rich, expected);
    assert_eq!(wishes("useinbandfec=0;cbr=1"), OpusWishes::default());
    assert_eq!(wishes("useinbandfec = x;maxaveragebitrate=99999999999"), OpusWishes::default());
    assert_eq!(wishes("maxaveragebitrate=1").max_average_bitrate, Some(6_000));
    assert_eq!(wishes(&format!("{};useinbandfec=1", "x".repeat(520))), OpusWishes::default());
    for wrong in ["opus/48000", "opus/48000/1", "opus/16000/2"] {
        let media = RICH.replace("OPUS/48000/2", wrong);
        assert_eq!(parse(&media, &terms).unwrap().offer.codec, Codec::G722, "{wrong}");
    }
}

#[test]
fn the_answer_names_one_codec_its_events_and_what_we_want_of_it() {
    let terms = Terms { codecs: &ALL, in_their_order: false, ..TERMS };
    let answer = parse(RICH, &terms).unwrap().answer(ORIGIN, local());
    let stream = answer.split_once("t=0 0\r\n").unwrap().1;
    assert_eq!(
        stream,
        "m=audio 20000 RTP/AVP 107 100\r\na=rtpmap:107 opus/48000/2\r\na=fmtp:107 useinbandfec=1;stereo=0\r\n\
         a=rtpmap:100 telephone-event/48000\r\na=fmtp:100 0-15\r\na=rtcp-mux\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    // What baresip offers beside Opus: events at 8 kHz alone.
    let old = RICH.replace(" 100\r", "\r");
    let offer = parse(&old, &terms).unwrap().offer;
    assert_eq!((offer.event_payload_type, offer.event_clock_rate), (Some(101), 8_000));
}

#[test]
fn the_first_map_of_a_number_counts_and_wrong_ones_say_nothing() {
    let media = "m=audio 4 RTP/AVP 128 96 97\r\na=rtpmap:128 PCMA/8000\r\na=rtpmap:x PCMA/8000\r\na=rtpmap:96\r\n\
        a=rtpmap\r\na=rtpmap:97 PCMU/8000/1\r\na=rtpmap:97 PCMA/8000\r\n";
    let offer = offer(media).unwrap();
    assert_eq!((offer.codec, offer.payload_type), (Codec::Pcmu, 97));
}

#[test]
fn reports_go_beside_the_media_to_the_next_port_or_to_the_one_that_is_named() {
    for (port, lines, expected) in [
        ("4000", "a=rtcp-mux\r\n", Rtcp::Mux),
        ("4000", "", Rtcp::Separate("192.0.2.9:4001".parse().unwrap())),
        ("4000", "a=rtcp:5001\r\n", Rtcp::Separate("192.0.2.9:5001".parse().unwrap())),
        (
            "4000",
            "a=rtcp:53020 IN IP4 203.0.113.9\r\n",
            Rtcp::Separate("192.0.2.9:53020".parse().unwrap()),
        ),
        ("4000", "a=rtcp:99999\r\n", Rtcp::Separate("192.0.2.9:4001".parse().unwrap())),
        ("65535", "", Rtcp::Separate("192.0.2.9:0".parse().unwrap())),
    ] {
        let offer = offer(&format!("m=audio {port} RTP/AVP 8\r\n{lines}")).unwrap();
        assert_eq!(offer.rtcp, expected, "{lines}");
    }
}

#[test]
fn our_own_offer_numbers_for_itself_and_the_answer_for_the_other_way() {
    let terms = Terms { codecs: &ALL, in_their_order: false, ..TERMS };
    let now = crate::call::undescribed(crate::endpoint::tests::udp("192.0.2.9:5060"));
    let own = OwnOffer::new(None, &now, &terms, keys());
    let text = own.text(ORIGIN, local());
    assert!(text.contains("m=audio 20000 RTP/AVP 111 9 8 0 110 101\r\n"), "{text}");
    let answer = format!(
        "{HEAD}m=audio 4000 RTP/AVP 120 96\r\na=rtpmap:120 opus/48000/2\r\na=rtpmap:96 telephone-event/8000\r\n"
    );
    let agreed = own.read_answer(answer.as_bytes()).unwrap();
    assert_eq!(
        (agreed.codec, agreed.payload_type, agreed.receive_payload_type),
        (Codec::Opus, 120, 111)
    );
    assert_eq!(agreed.event_payload_type, Some(101), "our number of events at 8 kHz");
    // A second offer keeps these numbers and gives others none of them.
    let second = OwnOffer::new(Some(&own.layout), &agreed, &terms, keys()).text(ORIGIN, local());
    assert!(second.contains("m=audio 20000 RTP/AVP 111 9 8 0 110 101\r\n"), "{second}");
    let odd = MediaOffer { receive_payload_type: 101, event_payload_type: Some(111), ..agreed };
    let third = OwnOffer::new(Some(&own.layout), &odd, &terms, keys()).text(ORIGIN, local());
    assert!(third.contains("m=audio 20000 RTP/AVP 101 9 8 0 110 111\r\n"), "{third}");
    let foreign = format!("{HEAD}m=audio 4000 RTP/AVP 18\r\n");
    assert_eq!(own.read_answer(foreign.as_bytes()), Err(SdpError::NothingInCommon));
}

#[test]
fn our_later_offers_have_as_many_media_as_the_first_description() {
    let offer = "m=video 4002 RTP/AVP 31\r\nm=audio 4000 RTP/AVPF 0\r\n";
    let description = parse(offer, &TERMS).unwrap();
    let own = OwnOffer::new(Some(&description.layout), &description.offer, &TERMS, keys());
    let text = own.text(ORIGIN, local());
    assert!(text.contains("m=video 0 RTP/AVP 31\r\nm=audio 20000 RTP/AVPF 0 8 101\r\n"), "{text}");
    let answer = format!("{HEAD}m=video 0 RTP/AVP 31\r\nm=audio 4000 RTP/AVPF 8\r\n");
    assert_eq!(own.read_answer(answer.as_bytes()).unwrap().codec, Codec::Pcma);
}

/// RFC 4568, section 4's example.
const CRYPTO: &str =
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20\r\n";

#[test]
fn keys_are_taken_where_they_may_be() {
    let plain = "m=audio 4000 RTP/AVP 8\r\n".to_owned();
    let either = format!("{plain}{CRYPTO}");
    let must = either.replace("AVP", "SAVP");
    let keyless = plain.replace("AVP", "SAVP");
    let both = format!("{plain}{must}");
    let terms = |srtp, is_secure| Terms { srtp, is_secure, ..TERMS };
    let refused = Err(SdpError::NothingInCommon);
    // Whether it is encrypted.
    for (media, off, optional, required) in [
        (&plain, Ok(false), Ok(false), refused),
        (&either, Ok(false), Ok(true), Ok(true)),
        (&must, refused, Ok(true), Ok(true)),
        (&keyless, refused, refused, refused),
        (&both, Ok(false), Ok(true), Ok(true)),
    ] {
        let encrypted =
            |terms: &Terms<'_>| parse(media, terms).map(|description| description.line.is_some());
        assert_eq!(encrypted(&terms(Srtp::Off, true)), off, "{media}");
        assert_eq!(encrypted(&terms(Srtp::Optional, true)), optional, "{media}");
        assert_eq!(encrypted(&terms(Srtp::Required, true)), required, "{media}");
        assert_eq!(encrypted(&terms(Srtp::Required, false)), refused, "{media}");
    }
}

#[test]
fn the_answer_has_a_key_of_ours_that_stays_while_theirs_does() {
    let terms = Terms { srtp: Srtp::Optional, is_secure: true, ..TERMS };
    let media = format!("m=audio 4000 RTP/SAVP 8\r\n{CRYPTO}");
    let mut keys = crypto::Keys::new([7; 32].into());
    let mut first = parse(&media, &terms).unwrap();
    first.lock(None, || keys.draw());
    let agreed = first.offer.crypto.clone().unwrap();
    assert_eq!(agreed.receive.expose()[..6], *b"YS___s", "as it was encoded");
    let answer = first.answer(ORIGIN, local());
    assert!(answer.contains("m=audio 20000 RTP/SAVP 8\r\n"), "{answer}");
    let line = answer.lines().find(|l| l.starts_with("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"));
    assert!(line.is_some_and(|l| !l.contains("WVNf")), "{answer}");
    let mut again = parse(&media, &terms).unwrap();
    again.lock(Some(&agreed), || keys.draw());
    assert_eq!(again.offer.crypto, Some(agreed.clone()));
    let mut other = parse(&media.replace("inline:WVNf", "inline:WVNg"), &terms).unwrap();
    other.lock(Some(&agreed), || keys.draw());
    assert_ne!(other.offer.crypto.unwrap().send, agreed.send);
}

#[test]
fn our_offer_has_keys_for_both_suites_and_the_answer_chooses_one() {
    let terms = Terms { srtp: Srtp::Required, is_secure: true, ..TERMS };
    let now = crate::call::undescribed(crate::endpoint::tests::udp("192.0.2.9:5060"));
    let own = OwnOffer::new(None, &now, &terms, keys());
    let text = own.text(ORIGIN, local());
    assert!(text.contains("m=audio 20000 RTP/SAVP 8 0 101\r\n"), "{text}");
    assert!(text.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AQEB"), "{text}");
    let answer = |tag: u32, suite: &str| {
        let line = CRYPTO.replace("1 AES_CM_128_HMAC_SHA1_80", &format!("{tag} {suite}"));
        own.read_answer(format!("{HEAD}m=audio 4000 RTP/SAVP 8\r\n{line}").as_bytes())
    };
    let agreed = answer(2, "AES_CM_128_HMAC_SHA1_32").unwrap().crypto.unwrap();
    assert_eq!((agreed.suite, agreed.send), (Suite::AesCm128HmacSha1_32, keys()[1].clone()));
    assert_eq!(answer(2, "AES_CM_128_HMAC_SHA1_80"), Err(SdpError::NothingInCommon));
    let plain = format!("{HEAD}m=audio 4000 RTP/SAVP 8\r\n");
    assert_eq!(own.read_answer(plain.as_bytes()), Err(SdpError::NothingInCommon));
}
