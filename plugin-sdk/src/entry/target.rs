//! Subscribers that were met before: their URI and options are parsed once.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    sync::{Arc, Mutex, PoisonError},
};

use nuncio_core::{Options, SubscriberUri};

/// How many sets there are; a power of two.
const SETS: usize = 256;
/// How many subscribers a set keeps: with the sets 1,024.
const WAYS: usize = 4;
/// The most bytes of URI and options that are kept; what is longer is parsed each time.
const KEPT_BYTES: usize = 16 << 10;

/// A subscriber: where to, and how.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) uri: SubscriberUri,
    pub(super) options: Options,
    options_json: Box<str>,
}

impl Target {
    fn parse(uri: &str, options_json: &str) -> Result<Self, String> {
        let options = if options_json.is_empty() {
            Options::default()
        } else {
            // Not the parser's own words: they repeat values, and an option may be secret.
            serde_json::from_str(options_json).map_err(|error| {
                let (line, column) = (error.line(), error.column());
                format!("options_json is not a JSON object (line {line}, column {column})")
            })?
        };
        let uri = SubscriberUri::parse(uri).map_err(|error| format!("uri cannot be read: {error}"))?;
        Ok(Self { uri, options, options_json: options_json.into() })
    }

    fn is(&self, uri: &str, options_json: &str) -> bool {
        // Most have no options. To compare nothing with nothing through pointers that lead nowhere costs some processors a
        // fault that they suppress: more than all else in here.
        let no_options = options_json.is_empty() && self.options_json.is_empty();
        self.uri.written() == uri && (no_options || &*self.options_json == options_json)
    }
}

/// The subscribers of late: a table of fixed size, in which a new one takes the place of the set's oldest.
#[derive(Debug)]
pub(super) struct Targets {
    seed: RandomState,
    sets: Box<[Mutex<Set>]>,
}

#[derive(Debug, Default)]
struct Set {
    ways: [Option<Arc<Target>>; WAYS],
    oldest: usize,
}

impl Default for Targets {
    fn default() -> Self {
        Self { seed: RandomState::new(), sets: (0..SETS).map(|_| Mutex::default()).collect() }
    }
}

impl Targets {
    /// The subscriber of `uri` with `options_json`, which is an object or empty.
    pub(super) fn get(&self, uri: &str, options_json: &str) -> Result<Arc<Target>, String> {
        // The length of the options is enough to part most subscribers that share a URI; the set holds some more.
        let place = self.seed.hash_one((uri, options_json.len())) as usize % SETS;
        let set = || self.sets[place].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = set().ways.iter().flatten().find(|one| one.is(uri, options_json)) {
            return Ok(Arc::clone(found));
        }
        let target = Arc::new(Target::parse(uri, options_json)?);
        if uri.len() + options_json.len() <= KEPT_BYTES {
            set().keep(Arc::clone(&target));
        }
        Ok(target)
    }
}

impl Set {
    fn keep(&mut self, target: Arc<Target>) {
        self.oldest = (self.oldest + 1) % WAYS;
        self.ways[self.oldest] = Some(target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_is_parsed_once() {
        let targets = Targets::default();
        let first = targets.get("x://h/a", r#"{"k": 1}"#).unwrap();
        assert_eq!((first.uri.canonical(), first.options.get("k").unwrap().as_i64()), ("x://h/a", Some(1)));
        assert!(Arc::ptr_eq(&first, &targets.get("x://h/a", r#"{"k": 1}"#).unwrap()));
        let other = targets.get("x://h/a", r#"{"k": 2}"#).unwrap();
        assert_eq!(other.options.get("k").unwrap().as_i64(), Some(2));
        assert!(targets.get("x://h/a", "").unwrap().options.is_empty());
    }

    #[test]
    fn the_table_does_not_grow() {
        let targets = Targets::default();
        for n in 0..3 * SETS * WAYS {
            let uri = format!("x://h/{n}");
            assert_eq!(targets.get(&uri, "").unwrap().uri.canonical(), uri);
        }
        let kept = targets.sets.iter().map(|set| set.lock().unwrap().ways.iter().flatten().count());
        assert!(kept.sum::<usize>() <= SETS * WAYS);
    }

    #[test]
    fn what_is_long_is_not_kept() {
        let targets = Targets::default();
        let options = format!(r#"{{"k": "{}"}}"#, "a".repeat(KEPT_BYTES));
        let first = targets.get("x://h", &options).unwrap();
        assert!(!Arc::ptr_eq(&first, &targets.get("x://h", &options).unwrap()));
    }

    #[test]
    fn a_refusal_repeats_no_option() {
        let targets = Targets::default();
        for options in [r#""hunter2""#, r#"["hunter2"]"#, r#"{"k": hunter2}"#, "hunter2"] {
            let error = targets.get("x://h", options).unwrap_err();
            assert!(error.starts_with("options_json is not") && !error.contains("hunter2"), "{error}");
        }
        assert!(targets.get("no uri", "").unwrap_err().starts_with("uri cannot be read: "));
    }
}
