//! What has arrived: by subscriber and message, so that nothing missing and nothing double goes unseen.

use crate::Samples;

/// What the sink has received since the last reset.
#[derive(Debug, Default)]
pub struct Journal {
    /// One bit a message, by subscriber.
    seen: Vec<Vec<u64>>,
    /// First tries that were refused, in the same form.
    refused: Vec<Vec<u64>>,
    /// Deliveries that arrived, each counted once.
    pub received: u64,
    /// Deliveries that arrived again.
    pub duplicates: u64,
    /// Requests that are no delivery of ours.
    pub strange: u64,
    /// When the last delivery arrived.
    pub last_ns: u64,
    /// From the time in the message to its arrival.
    pub times: Samples,
}

impl Journal {
    /// Takes down the arrival of a message at a subscriber.
    pub fn arrived(&mut self, subscriber: usize, number: u64, stamp: u64, now: u64) {
        if mark(&mut self.seen, subscriber, number) {
            self.received += 1;
            self.last_ns = now;
            self.times.add(now.saturating_sub(stamp));
        } else {
            self.duplicates += 1;
        }
    }

    /// Whether this message was not refused to this subscriber before: it is now.
    pub fn refuse(&mut self, subscriber: usize, number: u64) -> bool {
        mark(&mut self.refused, subscriber, number)
    }
}

/// Sets a bit, and says whether it was not set.
fn mark(bits: &mut Vec<Vec<u64>>, row: usize, at: u64) -> bool {
    let (word, bit) = ((at / 64) as usize, 1_u64 << (at % 64));
    if bits.len() <= row {
        bits.resize_with(row + 1, Vec::new);
    }
    let words = &mut bits[row];
    if words.len() <= word {
        words.resize((word + 1).next_power_of_two(), 0);
    }
    let fresh = words[word] & bit == 0;
    words[word] |= bit;
    fresh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_is_a_duplicate_of_its_own_subscriber() {
        let mut journal = Journal::default();
        for (subscriber, number) in [(0, 5), (1, 5), (0, 6), (0, 5), (0, 640)] {
            journal.arrived(subscriber, number, 0, 10);
        }
        assert_eq!((journal.received, journal.duplicates), (4, 1));
        assert!(journal.refuse(0, 5) && !journal.refuse(0, 5));
    }
}
