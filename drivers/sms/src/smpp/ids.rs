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
    /// Found out from the ids of the messages that were sent last.
    #[default]
    Auto,
    /// As it was when the message was taken.
    Same,
    /// In hexadecimal, where it was decimal when the message was taken.
    HexToDecimal,
    /// In decimal, where it was hexadecimal when the message was taken.
    DecimalToHex,
}

/// What is known of the ids of one account.
#[derive(Debug)]
pub(super) struct Ids {
    rule: ReceiptIds,
    /// The last ids in order, and each id by what it is and by what number it may be.
    order: VecDeque<String>,
    known: HashMap<Key, String>,
    /// What was found out by `Auto`.
    found: ReceiptIds,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Text(String),
    Decimal(u128),
    Hex(u128),
}

impl Ids {
    pub(super) fn new(rule: ReceiptIds) -> Self {
        let found = if rule == ReceiptIds::Auto { ReceiptIds::Same } else { rule };
        Self { rule, order: VecDeque::new(), known: HashMap::new(), found }
    }

    /// Remembers the id of a message that was taken.
    pub(super) fn taken(&mut self, id: &str) {
        if self.rule == ReceiptIds::Same || id.is_empty() {
            return;
        }
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
        use ReceiptIds::{Auto, DecimalToHex, HexToDecimal, Same};
        let tried = match self.rule {
            Auto => [self.found, Same, HexToDecimal, DecimalToHex].to_vec(),
            rule => vec![rule],
        };
        for rule in tried {
            let key = match rule {
                Auto | Same => Some(Key::Text(id.to_owned())),
                HexToDecimal => u128::from_str_radix(id, 16).ok().map(Key::Decimal),
                DecimalToHex => id.parse().ok().map(Key::Hex),
            };
            if let Some(known) = key.and_then(|key| self.known.get(&key)) {
                self.found = rule;
                return known.clone();
            }
        }
        converted(id, self.found)
    }
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
        let mut ids = ids(ReceiptIds::Auto, &["2748"]);
        assert_eq!(ids.of_receipt("ABC"), "2748");
        assert_eq!(ids.of_receipt("abd"), "2749");
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
