use super::*;

fn message() -> Message {
    Message {
        source: Address { ton: 1, npi: 1, text: "420606123456".to_owned() },
        destination: Address { ton: 1, npi: 1, text: "420720002233".to_owned() },
        data_coding: 8,
        payload: vec![0, b'k'],
        ..Message::default()
    }
}

fn bodies() -> Vec<Body> {
    let long = Message { payload: vec![b'x'; 300], sar: Some((300, 3, 2)), ..message() };
    let receipt = Message {
        esm_class: 4,
        receipted_message_id: Some("abc".to_owned()),
        message_state: Some(2),
        ..message()
    };
    vec![
        Body::BindTransceiver { system_id: "konf".to_owned(), password: Secret::new("secret") },
        Body::BindTransceiverResp,
        Body::EnquireLink,
        Body::EnquireLinkResp,
        Body::Unbind,
        Body::UnbindResp,
        Body::GenericNack,
        Body::SubmitSm(message()),
        Body::SubmitSm(long),
        Body::SubmitSmResp { message_id: "m-1".to_owned() },
        Body::DeliverSm(receipt),
        Body::DeliverSmResp,
        Body::Other(0x21),
    ]
}

#[test]
fn what_is_written_is_read_the_same_and_in_pieces_not_before_it_is_whole() {
    for body in bodies() {
        let pdu = Pdu { status: 0, sequence: 7, body };
        let bytes = encode(&pdu);
        for cut in 0..bytes.len() {
            assert_eq!(decode(&bytes[..cut]), Ok(None), "{pdu:?} cut at {cut}");
        }
        assert_eq!(decode(&[bytes.clone(), vec![9; 5]].concat()), Ok(Some((pdu, bytes.len()))));
    }
}

/// The example of the specification, section 3.2.2 (a `bind_transmitter`), as a transceiver's.
#[test]
fn a_bind_has_the_bytes_of_the_specification() {
    let body = Body::BindTransceiver {
        system_id: "SMPP3TEST".to_owned(),
        password: Secret::new("secret08"),
    };
    let bytes = encode(&Pdu { status: 0, sequence: 1, body });
    let head = [0, 0, 0, 0x28, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1];
    assert_eq!(bytes, [&head[..], b"SMPP3TEST\0secret08\0", &[0, 0x34, 0, 0, 0]].concat());
}

#[test]
fn a_length_that_no_message_has_and_fields_without_an_end_are_refused() {
    for length in [0, 15, 8193, u32::MAX] {
        assert_eq!(decode(&length.to_be_bytes()), Err(CodecError::Length(length)));
    }
    let bytes = encode(&Pdu { status: 0, sequence: 1, body: Body::SubmitSm(message()) });
    for cut in 17..bytes.len() {
        let mut short = bytes[..cut].to_vec();
        short[..4].copy_from_slice(&u32::try_from(cut).unwrap().to_be_bytes());
        assert_eq!(decode(&short), Err(CodecError::Short), "{cut}");
    }
}

#[test]
fn any_bytes_are_answered() {
    let mut state = 1_u64;
    let mut random = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    for round in 0..20_000 {
        let body: Vec<u8> = (0..round % 90).map(|_| random()).collect();
        let length = u32::try_from(16 + body.len()).unwrap().to_be_bytes();
        let command = [0, 0, 0, [4, 5, 9, 0x15][round % 4]];
        let bytes = [&length[..], &command, &[0; 8], &body].concat();
        if let Ok(Some((pdu, _))) = decode(&bytes) {
            let again = encode(&pdu);
            assert_eq!(decode(&again).map(|it| it.map(|(pdu, _)| pdu.sequence)), Ok(Some(0)));
        }
    }
}
