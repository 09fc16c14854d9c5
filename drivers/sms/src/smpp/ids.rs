//! The ids of messages: some centres write an id in hexadecimal when they take a message, and in decimal in its receipt, or
//! the other way round.

use std::collections::{HashMap, VecDeque};

use nuncio_plugin_sdk::{JsonSchema, schemars};
use serde::Deserialize;

/// How many ids of messages that were taken are remembered, to find how receipts write them.
const REMEMBERED: usize = 16_384;

/// How a receipt writes the id of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(crate = "schemars")]
pub enum ReceiptIds {
    /// Found out from the ids of the messages that were sent last: the same, unless letters show that it cannot be.
    #[default]
    Auto,
    /// As it was when the message was taken.
    Same,
    /// In hexadecimal, where it was decimal when the message was taken.
    HexToDecimal,
    /// In decimal, where it was hexadecimal when the message was taken.
    DecimalToHex,
}

/// How many receipts must show the same notation before it is taken for the centre's.
const ENOUGH: u32 = 3;

/// What is known of the ids of one account.
#[derive(Debug)]
pub(super) struct Ids {
    rule: ReceiptIds,
    /// The last ids in order, and each id by what it is and by what number it may be.
    order: VecDeque<String>,
    known: HashMap<Key, String>,
    seen: Seen,
}

/// What `Auto` has seen of the notations.
#[derive(Debug, Default)]
struct Seen {
    /// An id in hexadecimal when a message was taken: such ids are not decimal then.
    hex_taken: bool,
    /// One in a receipt.
    hex_told: bool,
    /// The other notation that the last telling receipt was in, and how many were in it without one in another between.
    last: Option<(ReceiptIds, u32)>,
}

impl Seen {
    /// Whether nothing speaks against `rule`.
    fn allows(&self, rule: ReceiptIds) -> bool {
        match rule {
            ReceiptIds::Auto | ReceiptIds::Same => true,
            ReceiptIds::HexToDecimal => !self.hex_taken,
            ReceiptIds::DecimalToHex => !self.hex_told,
        }
    }

    fn count(&mut self, rule: ReceiptIds) {
        let before = self.last.filter(|(last, _)| *last == rule).map_or(0, |(_, count)| count);
        self.last = Some((rule, before.saturating_add(1)));
    }

    /// How this centre writes ids, as far as that is sure.
    fn settled(&self) -> ReceiptIds {
        let sure = self.last.filter(|(rule, count)| *count >= ENOUGH && self.allows(*rule));
        sure.map_or(ReceiptIds::Same, |(rule, _)| rule)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Text(String),
    Decimal(u128),
    Hex(u128),
}

impl Ids {
    pub(super) fn new(rule: ReceiptIds) -> Self {
        Self { rule, order: VecDeque::new(), known: HashMap::new(), seen: Seen::default() }
    }

    /// Remembers the id of a message that was taken.
    pub(super) fn taken(&mut self, id: &str) {
        if self.rule == ReceiptIds::Same || id.is_empty() {
            return;
        }
        self.seen.hex_taken |= is_surely_hex(id);
        for key in keys(id) {
            self.known.insert(key, id.to_owned());
        }
        self.order.push_back(id.to_owned());
        while self.order.len() > REMEMBERED {
            let Some(oldest) = self.order.pop_front() else { break };
            for key in keys(&oldest) {
                if self.known.get(&key) == Some(&oldest) {
                    self.known.remove(&key);
                }
            }
        }
    }

    /// The id of the message which a receipt calls `id`, as it was when the message was taken.
    pub(super) fn of_receipt(&mut self, id: &str) -> String {
        match self.rule {
            ReceiptIds::Auto => self.found_out(id),
            rule => self.remembered(id, rule).unwrap_or_else(|| converted(id, rule)),
        }
    }

    /// As [`of_receipt`](Self::of_receipt), where nobody said how receipts write ids.
    ///
    /// The message itself may be forgotten, and its id read in another notation be that of some other message: with ids that
    /// are counted, it often is. So the id as it stands comes first, and another notation only where the pair cannot be in
    /// one: a letter of a hexadecimal digit in one of them, and none in any of the other side's.
    fn found_out(&mut self, id: &str) -> String {
        use ReceiptIds::{DecimalToHex, HexToDecimal, Same};
        self.seen.hex_told |= is_surely_hex(id);
        if let Some(known) = self.remembered(id, Same) {
            return known;
        }
        let settled = self.seen.settled();
        for rule in [HexToDecimal, DecimalToHex].into_iter().filter(|rule| self.seen.allows(*rule)) {
            let Some(known) = self.remembered(id, rule) else { continue };
            if is_surely_hex(id) != is_surely_hex(&known) {
                self.seen.count(rule);
                return known;
            }
            if rule == settled {
                return known;
            }
        }
        converted(id, settled)
    }

    /// The id that was taken, of a receipt that calls it `id` by `rule`.
    fn remembered(&self, id: &str, rule: ReceiptIds) -> Option<String> {
        let key = match rule {
            ReceiptIds::Auto | ReceiptIds::Same => Key::Text(id.to_owned()),
            ReceiptIds::HexToDecimal => Key::Decimal(u128::from_str_radix(id, 16).ok()?),
            ReceiptIds::DecimalToHex => Key::Hex(id.parse().ok()?),
        };
        self.known.get(&key).cloned()
    }
}

/// Whether `id` can be hexadecimal, and cannot be decimal.
fn is_surely_hex(id: &str) -> bool {
    id.chars().all(|c| c.is_ascii_hexdigit()) && id.chars().any(|c| c.is_ascii_alphabetic())
}

fn keys(id: &str) -> impl Iterator<Item = Key> {
    let decimal = id.parse().ok().map(Key::Decimal);
    let hex = u128::from_str_radix(id, 16).ok().map(Key::Hex);
    [Some(Key::Text(id.to_owned())), decimal, hex].into_iter().flatten()
}

/// `id` of a receipt as `rule` says, where no message of it is remembered.
fn converted(id: &str, rule: ReceiptIds) -> String {
    let other = match rule {
        ReceiptIds::Auto | ReceiptIds::Same => None,
        ReceiptIds::HexToDecimal => u128::from_str_radix(id, 16).ok().map(|number| number.to_string()),
        ReceiptIds::DecimalToHex => id.parse::<u128>().ok().map(|number| format!("{number:x}")),
    };
    other.unwrap_or_else(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(rule: ReceiptIds, taken: &[&str]) -> Ids {
        let mut ids = Ids::new(rule);
        taken.iter().for_each(|id| ids.taken(id));
        ids
    }

    #[test]
    fn a_receipt_in_the_other_notation_finds_its_message() {
        assert_eq!(ids(ReceiptIds::Auto, &["2748", "x"]).of_receipt("ABC"), "2748");
        assert_eq!(ids(ReceiptIds::Auto, &["00000ABC"]).of_receipt("2748"), "00000ABC");
        assert_eq!(ids(ReceiptIds::Auto, &["abc-1"]).of_receipt("abc-1"), "abc-1");
        assert_eq!(ids(ReceiptIds::DecimalToHex, &["0ABC"]).of_receipt("2748"), "0ABC");
        assert_eq!(ids(ReceiptIds::HexToDecimal, &["2748"]).of_receipt("0abc"), "2748");
    }

    #[test]
    fn what_was_found_out_holds_for_receipts_that_come_before_their_message() {
        let mut ids = ids(ReceiptIds::Auto, &["2747", "2748", "2750"]);
        assert_eq!([ids.of_receipt("ABB"), ids.of_receipt("ABC")], ["2747", "2748"]);
        assert_eq!(ids.of_receipt("abd"), "abd", "two may be chance");
        assert_eq!([ids.of_receipt("abe"), ids.of_receipt("abd")], ["2750", "2749"]);
        ids.taken("4660");
        assert_eq!(ids.of_receipt("1234"), "4660", "this one reads both ways");
        ids.taken("1234");
        assert_eq!(ids.of_receipt("1234"), "1234");
    }

    #[test]
    fn a_receipt_of_a_forgotten_message_is_not_that_of_another_one() {
        // 0x1234 is 4660: a counter is at both, before a restart and after it.
        let mut ids = ids(ReceiptIds::Auto, &["4659", "4660", "4661"]);
        for forgotten in ["1233", "1234", "1235", "1236"] {
            assert_eq!(ids.of_receipt(forgotten), forgotten);
        }
        assert_eq!(ids.of_receipt("4660"), "4660");
        assert_eq!(ids.of_receipt("FFF"), "FFF", "nothing was learnt");
    }

    #[test]
    fn a_letter_in_an_id_shows_that_it_is_not_decimal() {
        // 0xABC is 2748, but the centre counts in hexadecimal: it took 274C.
        assert_eq!(ids(ReceiptIds::Auto, &["2748", "274C"]).of_receipt("ABC"), "ABC");
        let mut ids = ids(ReceiptIds::Auto, &["ABC", "ABD"]);
        assert_eq!(ids.of_receipt("ABD"), "ABD");
        assert_eq!(ids.of_receipt("2748"), "2748");
    }

    #[test]
    fn without_a_message_the_setting_decides() {
        assert_eq!(ids(ReceiptIds::Auto, &[]).of_receipt("ABC"), "ABC");
        assert_eq!(ids(ReceiptIds::Same, &["2748"]).of_receipt("ABC"), "ABC");
        assert_eq!(ids(ReceiptIds::HexToDecimal, &[]).of_receipt("ABC"), "2748");
        assert_eq!(ids(ReceiptIds::DecimalToHex, &[]).of_receipt("2748"), "abc");
        assert_eq!(ids(ReceiptIds::DecimalToHex, &[]).of_receipt("no number"), "no number");
    }

    #[test]
    fn an_id_that_reads_both_ways_is_the_same_one_first() {
        assert_eq!(ids(ReceiptIds::Auto, &["10", "16"]).of_receipt("10"), "10");
    }

    #[test]
    fn only_the_last_ids_are_remembered() {
        let mut ids = Ids::new(ReceiptIds::Auto);
        (0..REMEMBERED + 10).for_each(|number| ids.taken(&format!("m{number}")));
        assert_eq!((ids.order.len(), ids.known.len()), (REMEMBERED, REMEMBERED));
    }
}
