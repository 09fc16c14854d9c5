use proptest::prelude::*;

use super::*;

fn written(pdu: &Pdu) -> Vec<u8> {
    let mut octets = Vec::new();
    pdu.write(&mut octets);
    octets
}

#[test]
fn a_header_is_16_octets_big_end_first() {
    let pdu = Pdu::new(command::ENQUIRE_LINK, 7, Vec::new());
    assert_eq!(written(&pdu), [0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 7]);
    let answer = Pdu::answer(&pdu, 8, vec![0]);
    assert_eq!(written(&answer), [0, 0, 0, 17, 0x80, 0, 0, 0x15, 0, 0, 0, 8, 0, 0, 0, 7, 0]);
}

#[test]
fn a_submission_has_the_fields_of_the_standard_in_their_order() {
    let submission = Submission {
        source: Address { ton: 5, npi: 0, text: "Nuncio".into() },
        destination: Address { ton: 1, npi: 1, text: "15551230101".into() },
        esm_class: 0x40,
        registered_delivery: 1,
        data_coding: 8,
        message: vec![5, 0, 3, 1, 2, 1, 0, 65],
        parameters: vec![(tag::SAR_MSG_REF_NUM, vec![0, 1])],
        ..Submission::default()
    };
    let mut expected = b"\0\x05\0Nuncio\0\x01\x0115551230101\0\x40\0\0\0\0\x01\0\x08\0\x08".to_vec();
    expected.extend([5, 0, 3, 1, 2, 1, 0, 65, 0x02, 0x0C, 0, 2, 0, 1]);
    assert_eq!(submission.body(), expected);
}

#[test]
fn a_delivery_is_read_with_what_centres_leave_out() {
    let body = Fields::default()
        .text("")
        .octets(&[1, 1])
        .text("15551230101")
        .octets(&[0, 0])
        .text("12345")
        .octets(&[4, 0, 0])
        .text("")
        .text("")
        .octets(&[0, 0, 0, 0, 5])
        .octets(b"id:42")
        .parameter(tag::RECEIPTED_MESSAGE_ID, b"42")
        .parameter(0x1400, b"own")
        .parameter(tag::MESSAGE_STATE, &[2])
        .done();
    let delivery = Delivery::read(&body);
    assert_eq!((delivery.esm_class, delivery.message.as_slice()), (4, &b"id:42"[..]));
    assert_eq!((delivery.receipted_message_id.as_deref(), delivery.message_state), (Some("42"), Some(2)));
    assert_eq!(Delivery::read(b""), Delivery::default());
}

#[test]
fn a_long_message_is_read_from_its_payload() {
    let body = Fields::default().octets(&[0; 17]).parameter(tag::MESSAGE_PAYLOAD, &[b'x'; 300]).done();
    assert_eq!(Delivery::read(&body).message.len(), 300);
}

#[test]
fn a_length_that_no_pdu_has_is_refused() {
    for length in [0_u32, 15, 70_001, u32::MAX] {
        let mut octets = length.to_be_bytes().to_vec();
        octets.extend([0; 12]);
        assert!(Pdu::read(&octets).is_err(), "{length}");
    }
}

/// Whatever arrives is read or refused.
fn check_any(octets: &[u8]) {
    let mut rest = octets;
    while let Ok(Some((pdu, length))) = Pdu::read(rest) {
        assert!((HEADER..=rest.len()).contains(&length));
        Delivery::read(&pdu.body);
        rest = rest.get(length..).unwrap_or_default();
    }
    Delivery::read(octets);
}

proptest! {
    #[test]
    fn any_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..400), length in 0_u8..80) {
        check_any(&octets);
        let mut framed = vec![0, 0, 0, length];
        framed.extend(octets);
        check_any(&framed);
    }

    #[test]
    fn a_pdu_comes_back_in_however_many_pieces(
        command: u32, status: u32, sequence: u32, body in prop::collection::vec(any::<u8>(), 0..300), cut in 0_usize..320,
    ) {
        let pdu = Pdu { command, status, sequence, body };
        let octets = written(&pdu);
        if cut < octets.len() {
            prop_assert_eq!(Pdu::read(octets.get(..cut).unwrap()), Ok(None));
        }
        prop_assert_eq!(Pdu::read(&octets), Ok(Some((pdu, octets.len()))));
    }
}
