//! What a world is like: all of it follows from the seed.

use std::sync::Arc;

use nuncio_core::{
    LaneId, LaneRules, ProjectId, Rate, TargetId,
    engine::{GateId, Limits},
    retry::Policy,
};
use serde_json::json;

use crate::rng::Rng;

/// How often things go wrong, in a thousand steps.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    pub(crate) crash: u64,
    pub(crate) drain: u64,
    pub(crate) commit_fails: u64,
    /// Of those, how often the disk fails: nobody knows whether the commit is on it, and the host ends.
    pub(crate) disk_fails: u64,
    /// How often a batch fails alone, and what else is in its commit does not.
    pub(crate) batch_fails: u64,
    pub(crate) read_fails: u64,
    pub(crate) clock_jumps_back: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) seed: u64,
    pub(crate) steps: u64,
    pub(crate) limits: Limits,
    /// Project and gate of each lane.
    pub(crate) lanes: Vec<(ProjectId, GateId)>,
    /// What is asked of each lane; changes as the world goes on.
    pub(crate) rules: Vec<LaneRules>,
    /// The most slots of each gate, and its rate.
    pub(crate) gates: Vec<(u32, Option<Rate>)>,
    pub(crate) targets: Vec<Target>,
    pub(crate) faults: Faults,
    /// The most messages of one POST.
    pub(crate) posts: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) id: TargetId,
    pub(crate) lane: LaneId,
    pub(crate) addresses: u32,
    pub(crate) policy: Arc<Policy>,
}

impl Options {
    pub(crate) fn new(seed: u64, steps: u64) -> Self {
        let mut rng = Rng::new(seed);
        let gates: Vec<_> = (0..rng.range(1, 4)).map(|_| gate(&mut rng)).collect();
        let projects = rng.range(1, 3);
        let lanes: Vec<_> = (0..rng.range(1, 8))
            .map(|_| {
                let project = ProjectId(rng.range(1, projects) as i64);
                (project, GateId(rng.range(1, gates.len() as u64) as u32))
            })
            .collect();
        let rules = lanes.iter().map(|_| rules(&mut rng)).collect();
        let policies = policies();
        let targets = (0..rng.range(2, 12))
            .map(|id| Target {
                id: TargetId(id as i64 + 1),
                lane: LaneId(rng.range(1, lanes.len() as u64) as i64),
                addresses: if rng.chance(300) { rng.range(2, 4) as u32 } else { 1 },
                policy: rng.pick(&policies).clone(),
            })
            .collect();
        let often = |rng: &mut Rng, most| if rng.chance(500) { 0 } else { rng.range(1, most) };
        let faults = Faults {
            crash: often(&mut rng, 12),
            drain: often(&mut rng, 4),
            commit_fails: often(&mut rng, 200),
            disk_fails: often(&mut rng, 200),
            batch_fails: often(&mut rng, 200),
            read_fails: often(&mut rng, 200),
            clock_jumps_back: often(&mut rng, 3),
        };
        let posts = rng.range(1, 12);
        Self { seed, steps, limits: limits(&mut rng), lanes, rules, gates, targets, faults, posts }
    }

    /// What is asked of a lane now.
    pub(crate) fn rules(&self, lane: LaneId) -> &LaneRules {
        &self.rules[lane.0 as usize - 1]
    }

    /// The most slots of a gate, and its rate.
    pub(crate) fn gate(&self, gate: GateId) -> &(u32, Option<Rate>) {
        &self.gates[gate.0 as usize - 1]
    }

    pub(crate) fn target(&self, id: TargetId) -> &Target {
        &self.targets[id.0 as usize - 1]
    }
}

const RATES: [&str; 5] = ["3/s", "10/s", "1500/s", "20/m", "50/h"];

/// What a destination takes.
#[allow(clippy::expect_used, reason = "written here, and right")]
fn gate(rng: &mut Rng) -> (u32, Option<Rate>) {
    let slots = rng.range(1, 12) as u32;
    let rate = rng.chance(200).then(|| *rng.pick(&RATES)).map(|text| Rate::parse(text).expect("a rate"));
    (slots, rate)
}

/// What a subscription asks of its lane: nothing in a third of all cases.
#[allow(clippy::expect_used, reason = "written here, and right")]
pub(crate) fn rules(rng: &mut Rng) -> LaneRules {
    let mut options = serde_json::Map::new();
    if rng.chance(250) {
        options.insert("max_in_flight".to_owned(), json!(rng.range(1, 4)));
    }
    if rng.chance(250) {
        let rate = rng.pick(&RATES);
        options.insert("rate".to_owned(), json!(rate));
    }
    if rng.chance(350) {
        let stop = json!({"on_dead": "stop"});
        let keyed = json!({"key": "/key", "on_dead": "stop"});
        options.insert("ordered".to_owned(), rng.pick(&[json!(true), json!("/key"), stop, keyed]).clone());
    }
    LaneRules::parse(&options).expect("rules")
}

/// Small numbers, so that every limit is met.
fn limits(rng: &mut Rng) -> Limits {
    let hot = rng.range(6, 120);
    Limits {
        max_in_flight: rng.range(1, 24) as u32,
        first_slots: rng.range(1, 8) as u32,
        hot_deliveries: hot as u32,
        hot_bytes: hot * rng.range(20, 2_000),
        undurable: rng.range(1, 48) as u32,
        breaker_failures: rng.range(2, 6) as u32,
        breaker_span_ms: rng.below(3) as i64 * 1_500,
        probe_min_ms: rng.range(1, 30) as i64 * 1_000,
        probe_max_ms: 120_000,
        page: rng.range(1, 40) as u32,
    }
}

#[allow(clippy::expect_used, reason = "written here, and right")]
fn policies() -> [Arc<Policy>; 4] {
    let own = |value| Arc::new(Policy::own(&value).expect("a schedule"));
    let zaqar = json!({
        "retries_with_no_delay": 2, "minimum_delay_retries": 2, "minimum_delay": 5,
        "maximum_delay": 30, "maximum_delay_retries": 2, "retry_backoff_function": "linear",
    });
    [
        Arc::new(Policy::default()),
        own(json!({ "schedule": ["0s", "0s", "1s", "5s", "30s"] })),
        own(json!({ "schedule": ["1s", "1s", "2s"] })),
        Arc::new(Policy::zaqar(&zaqar).expect("a policy of Zaqar")),
    ]
}
