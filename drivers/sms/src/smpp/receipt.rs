//! Delivery receipts: the text of SMPP 3.4 appendix B, which is no more than a habit, and the parameters
//! `receipted_message_id` and `message_state` (sections 5.3.2.12 and 5.3.2.35).

use nuncio_plugin_sdk::{Outcome, Receipt};

use super::pdu::Delivery;

/// The bits of `esm_class` that say what kind of message it is (section 5.2.12).
const KIND: u8 = 0x3C;
/// It is a delivery receipt.
const IS_RECEIPT: u8 = 0x04;
/// It says that the delivery is under way.
const IS_INTERMEDIATE: u8 = 0x20;
/// `data_coding`: UCS-2.
const UCS2: u8 = 8;

/// The states of a message: what the text says, what the parameter says (section 5.2.28), and what it is for us. States
/// before the last, and the one that says nothing, are no outcome.
const STATES: [(&str, u8, Option<Outcome>); 8] = [
    ("ENROUTE", 1, None),
    ("DELIVRD", 2, Some(Outcome::Delivered)),
    ("EXPIRED", 3, Some(Outcome::Rejected)),
    ("DELETED", 4, Some(Outcome::Rejected)),
    ("UNDELIV", 5, Some(Outcome::Rejected)),
    ("ACCEPTD", 6, None),
    ("UNKNOWN", 7, None),
    ("REJECTD", 8, Some(Outcome::Rejected)),
];

/// What a message centre delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// What became of a message.
    Final(Receipt),
    /// A receipt that is not the last, or that says nothing.
    Underway,
    /// A message of a phone.
    Message,
}

impl Word {
    /// Reads what was delivered. The receipt's id is the centre's, as it writes it there.
    pub(super) fn of(delivery: &Delivery) -> Self {
        let kind = delivery.esm_class & KIND;
        if kind == IS_INTERMEDIATE {
            return Self::Underway;
        }
        if kind != IS_RECEIPT && delivery.receipted_message_id.is_none() {
            return Self::Message;
        }
        let text = text(delivery);
        let said = Said::read(&text);
        let id = delivery.receipted_message_id.as_deref().unwrap_or(said.id).trim();
        let of_parameter = STATES.iter().find(|(_, state, _)| Some(*state) == delivery.message_state);
        let of_text = || {
            let named = |name: &str| name.len() >= 6 && said.state.len() >= 6 && same_state(name, said.state);
            STATES.iter().find(|(name, ..)| named(name))
        };
        let Some((name, _, Some(outcome))) = of_parameter.or_else(of_text) else { return Self::Underway };
        if id.is_empty() {
            return Self::Underway;
        }
        let mut receipt = Receipt::of(id, *outcome);
        receipt.code = said.error.parse().unwrap_or(0);
        let error = if said.error.is_empty() { String::new() } else { format!(", error {}", said.error) };
        receipt.reason = format!("receipt: {name}{error}");
        Self::Final(receipt)
    }
}

/// `UNDELIVERABLE` and `undeliv` are the same: the first six letters count.
fn same_state(name: &str, said: &str) -> bool {
    name.chars().zip(said.chars()).take(6).all(|(a, b)| a.eq_ignore_ascii_case(&b))
}

fn text(delivery: &Delivery) -> String {
    if delivery.data_coding != UCS2 {
        return String::from_utf8_lossy(&delivery.message).into_owned();
    }
    let units = delivery.message.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]]));
    char::decode_utf16(units).map(|one| one.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// What a receipt's text says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said<'a> {
    id: &'a str,
    state: &'a str,
    error: &'a str,
}

impl<'a> Said<'a> {
    /// Reads `id:… stat:… err:…`, in any case and order, with or without blanks behind the colons. The beginning of the
    /// message itself, behind `text:`, is left alone.
    fn read(text: &'a str) -> Self {
        let mut said = Self::default();
        let mut words = text.split_whitespace().peekable();
        while let Some(word) = words.next() {
            let Some((key, mut value)) = word.split_once(':') else { continue };
            if key.eq_ignore_ascii_case("text") {
                break;
            }
            if value.is_empty()
                && let Some(next) = words.next_if(|next| !next.contains(':'))
            {
                value = next;
            }
            let field = match key.to_ascii_lowercase().as_str() {
                "id" => &mut said.id,
                "stat" => &mut said.state,
                "err" => &mut said.error,
                _ => continue,
            };
            if field.is_empty() {
                *field = value;
            }
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> Word {
        Word::of(&Delivery { esm_class: 4, message: text.into(), ..Delivery::default() })
    }

    fn ended(id: &str, outcome: Outcome, code: u32, reason: &str) -> Word {
        let mut receipt = Receipt::of(id, outcome);
        (receipt.code, receipt.reason) = (code, reason.to_owned());
        Word::Final(receipt)
    }

    #[test]
    fn a_receipt_is_read_as_centres_write_it() {
        use Outcome::{Delivered, Rejected};
        let whole = "id:0123456789 sub:001 dlvrd:001 submit date:2611221505 done date:2611221506 stat:DELIVRD err:000 text:id:9 stat:UNDELIV";
        assert_eq!(told(whole), ended("0123456789", Delivered, 0, "receipt: DELIVRD, error 000"));
        for (text, word) in [
            (
                "ID: a1b2 Stat: undeliverable ERR: 027",
                ended("a1b2", Rejected, 27, "receipt: UNDELIV, error 027"),
            ),
            ("stat:EXPIRED id:7", ended("7", Rejected, 0, "receipt: EXPIRED")),
            ("id:7 stat:REJECTD err:0x1F", ended("7", Rejected, 0, "receipt: REJECTD, error 0x1F")),
            ("id:7 stat:ACCEPTD", Word::Underway),
            ("id:7 stat:UNKNOWN", Word::Underway),
            ("id:7 stat:D", Word::Underway),
            ("id: stat:DELIVRD", Word::Underway),
            ("", Word::Underway),
        ] {
            assert_eq!(told(text), word, "{text}");
        }
    }

    #[test]
    fn the_parameters_win_over_the_text() {
        let mut delivery = Delivery {
            esm_class: 4,
            message: b"id:1 stat:UNDELIV".to_vec(),
            receipted_message_id: Some("2".into()),
            message_state: Some(2),
            ..Delivery::default()
        };
        assert_eq!(Word::of(&delivery), ended("2", Outcome::Delivered, 0, "receipt: DELIVRD"));
        delivery.message.clear();
        delivery.esm_class = 0;
        assert_eq!(Word::of(&delivery), ended("2", Outcome::Delivered, 0, "receipt: DELIVRD"));
        delivery.message_state = Some(99);
        assert_eq!(Word::of(&delivery), Word::Underway);
    }

    #[test]
    fn what_is_no_receipt_is_told_apart() {
        let message = Delivery { message: b"id:1 stat:DELIVRD".to_vec(), ..Delivery::default() };
        assert_eq!(Word::of(&message), Word::Message);
        assert_eq!(Word::of(&Delivery { esm_class: 0x20, ..message }), Word::Underway);
    }

    #[test]
    fn a_receipt_in_ucs2_is_read() {
        let message = "id:7 stat:DELIVRD".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let delivery = Delivery { esm_class: 4, data_coding: 8, message, ..Delivery::default() };
        assert_eq!(Word::of(&delivery), ended("7", Outcome::Delivered, 0, "receipt: DELIVRD"));
    }

    /// Any text is read.
    fn check_any(esm_class: u8, data_coding: u8, message: Vec<u8>) {
        let delivery = Delivery { esm_class, data_coding, message, ..Delivery::default() };
        if let Word::Final(receipt) = Word::of(&delivery) {
            assert!(!receipt.provider_id.is_empty());
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_read(class: u8, coding: u8, octets in prop::collection::vec(any::<u8>(), 0..200)) {
            check_any(class, coding, octets);
        }

        #[test]
        fn anything_near_a_receipt_is_read(words in prop::collection::vec("(id|ID|stat|err|text|sub|date)?:? ?[0-9A-Fa-f]{0,9}(DELIVRD|UNDELIV)?", 0..9)) {
            check_any(4, 0, words.join(" ").into_bytes());
        }
    }
}
