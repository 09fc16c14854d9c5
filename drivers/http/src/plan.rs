//! What a subscription says of its deliveries: read once, not at every delivery.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
};

use nuncio_plugin_sdk::{
    Options, Refusal, SubscriberUri,
    http::{
        HeaderMap, HeaderValue,
        header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
    },
};

use crate::{options::Wanted, target::Target};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A subscription's URI and options, read.
pub(crate) struct Plan {
    pub(crate) target: Target,
    pub(crate) wanted: Wanted,
    /// The subscription says the content type.
    pub(crate) typed: bool,
    headers: HeaderMap,
}

impl Plan {
    /// Reads `uri` and `options`.
    pub(crate) fn read(uri: &SubscriberUri, options: &Options, agent: &HeaderValue) -> Result<Self, Refusal> {
        let target = Target::of(uri)?;
        let mut wanted = Wanted::read(options)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(USER_AGENT, agent.clone());
        headers.extend(target.authorization.clone().map(|value| (AUTHORIZATION, value)));
        let typed = wanted.headers.iter().any(|(name, _)| *name == CONTENT_TYPE);
        for (name, value) in std::mem::take(&mut wanted.headers) {
            headers.insert(name, value);
        }
        Ok(Self { target, wanted, typed, headers })
    }

    /// The headers that are the same for every message, with room for the others.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }
}

/// The plans of the last subscriptions that were delivered to, in two generations: when the young one is full it
/// becomes the old one, and what is used of that one is young again.
pub(crate) struct Plans {
    generations: Mutex<Generations>,
    hasher: RandomState,
}

/// Plans in a generation. A plan is mostly some hundred bytes.
const MOST: usize = 1024;
/// What has a longer `post_data` is read every time, so that plans do not fill the memory.
const LONG: usize = 4096;

#[derive(Default)]
struct Generations {
    young: HashMap<u64, Arc<Kept>>,
    old: HashMap<u64, Arc<Kept>>,
}

struct Kept {
    uri: String,
    options: Options,
    plan: Arc<Plan>,
}

impl Plans {
    pub(crate) fn new() -> Self {
        Self { generations: Mutex::default(), hasher: RandomState::new() }
    }

    /// The plan for `uri` and `options`, which `read` makes if it is not known.
    pub(crate) fn plan(
        &self,
        uri: &SubscriberUri,
        options: &Options,
        read: impl FnOnce() -> Result<Plan, Refusal>,
    ) -> Result<Arc<Plan>, Refusal> {
        let key = self.hasher.hash_one((uri.written(), &options.0));
        let known = self.lock().find(key);
        if let Some(kept) = known.filter(|kept| kept.uri == uri.written() && kept.options == *options) {
            return Ok(Arc::clone(&kept.plan));
        }
        let plan = Arc::new(read()?);
        if plan.wanted.post_data.as_ref().is_none_or(|text| text.len() <= LONG) {
            let (uri, options) = (uri.written().to_owned(), options.clone());
            self.lock().keep(key, Arc::new(Kept { uri, options, plan: Arc::clone(&plan) }));
        }
        Ok(plan)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn find(&mut self, key: u64) -> Option<Arc<Kept>> {
        if let Some(kept) = self.young.get(&key) {
            return Some(Arc::clone(kept));
        }
        let kept = self.old.remove(&key)?;
        self.keep(key, Arc::clone(&kept));
        Some(kept)
    }

    fn keep(&mut self, key: u64, kept: Arc<Kept>) {
        if self.young.len() >= MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn options(n: usize) -> Options {
        Options(json!({"post_headers": {"x-n": n.to_string()}}).as_object().cloned().unwrap())
    }

    /// The plan for `options`, and whether it was read.
    fn plan(plans: &Plans, options: &Options) -> (Arc<Plan>, bool) {
        let uri = SubscriberUri::parse("https://example.org/").unwrap();
        let mut is_read = false;
        let plan = plans.plan(&uri, options, || {
            is_read = true;
            Plan::read(&uri, options, &HeaderValue::from_static("x"))
        });
        (plan.unwrap_or_else(|refusal| panic!("{refusal}")), is_read)
    }

    #[test]
    fn a_plan_is_read_once_and_each_has_its_own() {
        let plans = Plans::new();
        for n in [1, 2] {
            assert!(plan(&plans, &options(n)).1);
            let (known, is_read) = plan(&plans, &options(n));
            assert!(!is_read);
            assert_eq!(known.headers()["x-n"], n.to_string());
        }
    }

    #[test]
    fn what_is_used_stays_and_the_rest_has_a_bound() {
        let plans = Plans::new();
        for n in 0..3 * MOST {
            plan(&plans, &options(n));
            assert!(!plan(&plans, &options(0)).1, "the one in use was forgotten at {n}");
        }
        let generations = plans.lock();
        assert!(generations.young.len() <= MOST && generations.old.len() <= MOST);
    }

    #[test]
    fn a_long_body_is_not_kept() {
        let plans = Plans::new();
        let long = Options(json!({"post_data": "x".repeat(LONG + 1)}).as_object().cloned().unwrap());
        assert!(plan(&plans, &long).1 && plan(&plans, &long).1);
    }
}
