//! The filters of a queue, each once however many subscriptions have it.

use std::{collections::HashMap, sync::Arc};

use nuncio_core::filter::Filter;

use super::wanted::Seen;
use crate::storage::StoreError;

/// About how much more a compiled filter takes than its text.
const COMPILED: usize = 6;

/// The number of a filter in its queue; 0 is none, which every message passes.
pub(super) type FilterNumber = u32;

/// The filters of a queue.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    by_text: HashMap<Arc<str>, FilterNumber>,
    known: Vec<Option<Known>>,
    free: Vec<FilterNumber>,
    bytes: usize,
}

#[derive(Debug)]
struct Known {
    text: Arc<str>,
    filter: Filter,
    uses: u32,
}

/// The filters that a message passes, a bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Passed(Box<[u64]>);

impl Passed {
    /// Whether a subscription with that filter wants the message.
    pub(super) fn passes(&self, filter: FilterNumber) -> bool {
        let Some(place) = filter.checked_sub(1) else { return true };
        self.0.get(place as usize / 64).is_some_and(|bits| bits >> (place % 64) & 1 == 1)
    }
}

impl Distinct {
    /// The number of the filter that is stored as `text`; it is in use once more.
    pub(super) fn add(&mut self, text: &str) -> Result<FilterNumber, StoreError> {
        if text.is_empty() {
            return Ok(0);
        }
        if let Some(number) = self.by_text.get(text).copied() {
            if let Some(known) = self.at(number) {
                known.uses += 1;
            }
            return Ok(number);
        }
        let filter = Filter::stored(text)
            .map_err(|error| StoreError::Corrupt(format!("filter of a subscription: {error}")))?;
        let number = self.free.pop().unwrap_or_else(|| {
            self.known.push(None);
            u32::try_from(self.known.len()).unwrap_or(u32::MAX)
        });
        let text: Arc<str> = text.into();
        self.bytes += weight(&text);
        self.by_text.insert(text.clone(), number);
        if let Some(place) = self.known.get_mut(number as usize - 1) {
            *place = Some(Known { text, filter, uses: 1 });
        }
        Ok(number)
    }

    /// The filter is in use once less.
    pub(super) fn remove(&mut self, number: FilterNumber) {
        let Some(known) = self.at(number) else { return };
        known.uses -= 1;
        if known.uses > 0 {
            return;
        }
        let gone = self.known.get_mut(number as usize - 1).and_then(Option::take);
        if let Some(Known { text, .. }) = gone {
            self.bytes -= weight(&text);
            self.by_text.remove(&text);
            self.free.push(number);
        }
    }

    fn at(&mut self, number: FilterNumber) -> Option<&mut Known> {
        self.known.get_mut((number as usize).checked_sub(1)?)?.as_mut()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_text.len()
    }

    /// Whether a subscription has that filter.
    pub(super) fn has(&self, text: &str) -> bool {
        self.by_text.contains_key(text)
    }

    /// Whether one subscription alone has that filter.
    pub(super) fn has_one_use(&self, number: FilterNumber) -> bool {
        let place = (number as usize).checked_sub(1);
        place.and_then(|place| self.known.get(place)?.as_ref()).is_some_and(|known| known.uses == 1)
    }

    /// Evaluates each once.
    pub(super) fn passed(&self, seen: &Seen<'_>) -> Passed {
        let mut bits = vec![0_u64; self.known.len().div_ceil(64)];
        for (bits, known) in bits.iter_mut().zip(self.known.chunks(64)) {
            for (place, known) in known.iter().enumerate() {
                let passes = known.as_ref().is_some_and(|known| seen.passes(&known.filter));
                *bits |= u64::from(passes) << place;
            }
        }
        Passed(bits.into())
    }

    /// About how much memory they take, bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.known.capacity() * size_of::<Option<Known>>()
    }
}

fn weight(text: &str) -> usize {
    text.len() * COMPILED + 64
}

#[cfg(test)]
mod tests {
    use super::{super::wanted::Body, *};
    use bytes::Bytes;
    use nuncio_core::{Attributes, Options};
    use serde_json::{Value, json};

    fn text(kind: &str) -> String {
        let options: Options = serde_json::from_value(json!({"filter": {"kind": [kind]}})).unwrap();
        Filter::text(&options)
    }

    fn passed(filters: &Distinct, kind: &str) -> Passed {
        let values: serde_json::Map<String, Value> = [("kind".to_owned(), json!(kind))].into_iter().collect();
        let attributes = Attributes::new(values).unwrap();
        filters.passed(&Seen { attributes: &attributes, body: &Body::new(Bytes::new()) })
    }

    #[test]
    fn equal_filters_are_one_and_go_with_their_last_use() {
        let mut filters = Distinct::default();
        let (a, b) = (filters.add(&text("a")).unwrap(), filters.add(&text("b")).unwrap());
        assert_eq!(
            (a, b, filters.add(&text("a")).unwrap(), filters.add("").unwrap(), filters.len()),
            (1, 2, 1, 0, 2)
        );
        let before = filters.bytes;
        assert!(!filters.has_one_use(a) && filters.has_one_use(b) && !filters.has_one_use(0));
        filters.remove(a);
        assert!(filters.has(&text("a")) && filters.has_one_use(a));
        filters.remove(a);
        assert!(!filters.has(&text("a")) && filters.bytes < before);
        assert_eq!(filters.add(&text("c")).unwrap(), a, "the place is used again");
        filters.remove(0);
        assert_eq!(filters.len(), 2);
    }

    #[test]
    fn each_filter_has_its_bit() {
        let mut filters = Distinct::default();
        let numbers: Vec<_> = (0..130).map(|n| filters.add(&text(&n.to_string())).unwrap()).collect();
        for (n, number) in numbers.iter().enumerate() {
            let passed = passed(&filters, &n.to_string());
            assert!(passed.passes(*number) && passed.passes(0));
            assert_eq!(numbers.iter().filter(|one| passed.passes(**one)).count(), 1);
        }
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_said() {
        assert!(matches!(Distinct::default().add("{"), Err(StoreError::Corrupt(_))));
    }
}
