use super::*;

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n";
const ORIGIN: Origin = Origin { id: 5, version: 1 };

fn offer(media: &str) -> Result<MediaOffer, SdpError> {
    Description::parse(format!("{HEAD}{media}").as_bytes()).map(|d| d.offer)
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
    assert_eq!(Description::parse(&[0xff; 100]), Err(SdpError::Malformed));
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
        Description::parse(session.as_bytes()).unwrap().offer.direction,
        Direction::ReceiveOnly
    );
}

#[test]
fn the_answer_has_a_line_for_each_medium_of_the_offer() {
    let offer = format!(
        "{HEAD}m=video 4002 RTP/AVP 31 32\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=sendonly\r\nm=audio 4004 RTP/AVP 8\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
    );
    let description = Description::parse(offer.as_bytes()).unwrap();
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
    let text = own_offer(ORIGIN, "[2001:db8::1]:20000".parse().unwrap(), &now);
    let read = Description::parse(text.as_bytes()).unwrap().offer;
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
}
