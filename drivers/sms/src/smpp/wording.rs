//! How a text is written for a message centre: octets, `data_coding`, and what joins its parts.

use nuncio_plugin_sdk::{JsonSchema, schemars};
use serde::Deserialize;

use super::pdu::tag;
use crate::text::{Encoding, Text, gsm};

/// `esm_class` (SMPP 3.4 section 5.2.12): the message begins with a user data header.
const HAS_HEADER: u8 = 0x40;
/// `data_coding` (section 5.2.19): UCS-2.
const UCS2: u8 = 8;
/// The most octets of `short_message` (section 5.2.22).
const LONGEST_MESSAGE: usize = 254;

/// How texts of the 7-bit alphabet are written for `data_coding` 0, which each centre reads in its own way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(crate = "schemars")]
pub enum Alphabet {
    /// GSM 03.38, a septet an octet: what nearly all centres want.
    #[default]
    Gsm,
    /// GSM 03.38, eight septets in seven octets.
    GsmPacked,
    /// Latin-1. A text with what Latin-1 has not is sent in UCS-2.
    Latin1,
}

/// What says that parts belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(crate = "schemars")]
pub enum Segmentation {
    /// A user data header with a reference of 8 bits: what nearly all centres take.
    #[default]
    Udh,
    /// A user data header with a reference of 16 bits.
    Udh16,
    /// The parameters `sar_msg_ref_num`, `sar_total_segments` and `sar_segment_seqnum`.
    Sar,
    /// None: the centre gets the whole text as `message_payload` and makes the parts.
    Payload,
}

/// One `submit_sm`, as far as the text determines it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) esm_class: u8,
    pub(super) data_coding: u8,
    pub(super) message: Vec<u8>,
    pub(super) parameters: Vec<(u16, Vec<u8>)>,
}

/// How an account writes its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wording {
    pub(super) alphabet: Alphabet,
    pub(super) segmentation: Segmentation,
}

impl Wording {
    /// What is submitted for `text`, in order; the parts of one text share `reference`.
    pub(super) fn pieces(self, text: &Text, reference: u16) -> Vec<Piece> {
        let parts = text.parts();
        if parts.len() == 1 {
            return vec![self.alone(text.encoding(), &text.whole())];
        }
        if self.segmentation == Segmentation::Payload {
            return vec![self.payload(text.encoding(), &text.whole())];
        }
        // The text's own plan has at most 255 parts.
        let octet = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
        let total = octet(parts.len());
        let piece = |(at, part): (usize, &String)| {
            self.part(text.encoding(), part, reference, [total, octet(at + 1)])
        };
        parts.iter().enumerate().map(piece).collect()
    }

    fn alone(self, encoding: Encoding, text: &str) -> Piece {
        let message = self.octets(encoding, text, 0);
        if message.len() > LONGEST_MESSAGE {
            return self.payload(encoding, text);
        }
        Piece { data_coding: coding(encoding), message, ..Piece::default() }
    }

    fn payload(self, encoding: Encoding, text: &str) -> Piece {
        let parameters = vec![(tag::MESSAGE_PAYLOAD, self.octets(encoding, text, 0))];
        Piece { data_coding: coding(encoding), parameters, ..Piece::default() }
    }

    fn part(self, encoding: Encoding, text: &str, reference: u16, count: [u8; 2]) -> Piece {
        let [total, number] = count;
        let [high, low] = reference.to_be_bytes();
        let header = match self.segmentation {
            Segmentation::Udh16 => vec![6, 8, 4, high, low, total, number],
            Segmentation::Udh => vec![5, 0, 3, low, total, number],
            Segmentation::Sar | Segmentation::Payload => {
                let parameters = vec![
                    (tag::SAR_MSG_REF_NUM, vec![0, low]),
                    (tag::SAR_TOTAL_SEGMENTS, vec![total]),
                    (tag::SAR_SEGMENT_SEQNUM, vec![number]),
                ];
                return Piece { parameters, ..self.alone(encoding, text) };
            }
        };
        let mut message = header;
        let text = self.octets(encoding, text, message.len());
        message.extend(text);
        Piece { esm_class: HAS_HEADER, data_coding: coding(encoding), message, parameters: Vec::new() }
    }

    /// `text` behind a header of `header` octets, which packed septets are aligned to.
    fn octets(self, encoding: Encoding, text: &str, header: usize) -> Vec<u8> {
        match (encoding, self.alphabet) {
            (Encoding::Ucs2, _) => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            (Encoding::Gsm, Alphabet::Latin1) => {
                text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
            }
            // The plan chose this encoding because every character is in the alphabet.
            (Encoding::Gsm, Alphabet::Gsm) => gsm::encode(text).unwrap_or_default(),
            (Encoding::Gsm, Alphabet::GsmPacked) => packed(&gsm::encode(text).unwrap_or_default(), header),
        }
    }
}

const fn coding(encoding: Encoding) -> u8 {
    match encoding {
        Encoding::Gsm => 0,
        Encoding::Ucs2 => UCS2,
    }
}

/// Septets, the lowest bits first, beginning at a septet's boundary behind `header` octets (3GPP TS 23.038 section
/// 6.1.2.1, TS 23.040 section 9.2.3.24).
fn packed(septets: &[u8], header: usize) -> Vec<u8> {
    let fill = (7 - header * 8 % 7) % 7;
    let mut octets = Vec::with_capacity(septets.len());
    let (mut bits, mut count) = (0_u32, fill);
    for septet in septets {
        bits |= u32::from(*septet) << count;
        count += 7;
        if count >= 8 {
            octets.push((bits & 0xFF) as u8);
            bits >>= 8;
            count -= 8;
        }
    }
    if count > 0 {
        octets.push((bits & 0xFF) as u8);
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Overflow, Rules};

    fn pieces(wording: Wording, text: &str) -> Vec<Piece> {
        let rules = Rules {
            max_parts: 255,
            transliterate: false,
            wide_reference: wording.segmentation == Segmentation::Udh16,
            latin1: wording.alphabet == Alphabet::Latin1,
        };
        wording.pieces(&Text::plan(text, &rules, Overflow::Split).unwrap(), 0x1234)
    }

    const fn wording(alphabet: Alphabet, segmentation: Segmentation) -> Wording {
        Wording { alphabet, segmentation }
    }

    #[test]
    fn a_short_text_is_its_octets() {
        let gsm = pieces(wording(Alphabet::Gsm, Segmentation::Udh), "@[é");
        assert_eq!(gsm, [Piece { message: vec![0, 0x1B, 0x3C, 5], ..Piece::default() }]);
        let latin1 = pieces(wording(Alphabet::Latin1, Segmentation::Udh), "@[é");
        assert_eq!(latin1, [Piece { message: vec![0x40, 0x5B, 0xE9], ..Piece::default() }]);
        let ucs2 = pieces(wording(Alphabet::Gsm, Segmentation::Udh), "ж😀");
        let message = vec![0x04, 0x36, 0xD8, 0x3D, 0xDE, 0x00];
        assert_eq!(ucs2, [Piece { data_coding: 8, message, ..Piece::default() }]);
    }

    #[test]
    fn septets_are_packed_from_the_lowest_bit() {
        assert_eq!(packed(b"hellohello", 0), [0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37]);
        // Behind 6 octets there is one bit to the next septet; behind 7 none.
        assert_eq!(packed(b"h", 6), [0xD0]);
        assert_eq!(packed(b"h", 7), [0x68]);
    }

    #[test]
    fn parts_have_a_header_and_share_its_reference() {
        let long = "a".repeat(161);
        let parts = pieces(wording(Alphabet::Gsm, Segmentation::Udh), &long);
        let lengths: Vec<_> = parts.iter().map(|one| (one.esm_class, one.message.len())).collect();
        assert_eq!(lengths, [(0x40, 159), (0x40, 14)]);
        assert!(parts[0].message.starts_with(&[5, 0, 3, 0x34, 2, 1, b'a']));
        assert!(parts[1].message.starts_with(&[5, 0, 3, 0x34, 2, 2, b'a']));
        let wide = pieces(wording(Alphabet::Gsm, Segmentation::Udh16), &long);
        assert!(wide[1].message.starts_with(&[6, 8, 4, 0x12, 0x34, 2, 2]));
        assert_eq!(wide[0].message.len(), 159);
    }

    #[test]
    fn parts_have_parameters_or_a_payload_where_that_is_set_and_never_a_header_too() {
        let long = "ж".repeat(71);
        let sar = pieces(wording(Alphabet::Gsm, Segmentation::Sar), &long);
        assert_eq!((sar.len(), sar[1].esm_class, sar[1].message.len()), (2, 0, 8));
        let numbers = vec![
            (tag::SAR_MSG_REF_NUM, vec![0, 0x34]),
            (tag::SAR_TOTAL_SEGMENTS, vec![2]),
            (tag::SAR_SEGMENT_SEQNUM, vec![2]),
        ];
        assert_eq!(sar[1].parameters, numbers);
        let payload = pieces(wording(Alphabet::Gsm, Segmentation::Payload), &long);
        assert_eq!((payload.len(), payload[0].esm_class, payload[0].message.len()), (1, 0, 0));
        assert_eq!(payload[0].parameters[0].1.len(), 142);
    }
}
