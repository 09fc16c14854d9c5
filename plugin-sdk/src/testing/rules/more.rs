//! What only some drivers have: batches and inbound requests.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use nuncio_core::{Batch, Outcome, Outcomes, Settle, wire::Inbound};
use proptest::prelude::*;

use super::reports::{line, panicked, wrong};
use crate::testing::{
    bench::Bench,
    finding::{Rule, Verdict},
    garbage::{hunt, text},
    letter::Letter,
    server::Does,
    table::Check,
};

const BATCH: Rule = Rule {
    name: "batch",
    demand: "each item of a batch is settled once, with the reports of its own recipients",
    host: "what is not settled counts as deferred and maybe sent, and is sent again",
    mend: "call `batch.settle(position, ..)` for every position, as soon as it is known",
};
const RECEIVE: Rule = Rule {
    name: "receive",
    demand: "no inbound request makes the driver panic, and each is answered or refused",
    host: "whoever reaches its inbound address could make it panic",
    mend: "check the signature first, then read the body without unwrap, index or slice",
};

pub(in crate::testing) const CHECKS: &[Check] = &[(BATCH, batch), (RECEIVE, receive)];

const MOST_ITEMS: u32 = 16;
const REQUESTS: u32 = 96;

/// What became of the items of a batch.
#[derive(Default)]
struct Settled(Mutex<Vec<(usize, Outcomes)>>);

impl Settle for Settled {
    fn settle(&self, position: usize, outcomes: Outcomes) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((position, outcomes));
    }
}

fn batch(bench: &Bench<'_>) -> Result<Verdict, String> {
    if bench.manifest.limits.batch < 2 {
        return Ok(Verdict::skipped("its manifest takes one notice at a time (`limits.batch` is 1)"));
    }
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let plain = bench.letter(&*driver, &server)?;
    let items = bench.manifest.limits.batch.min(MOST_ITEMS);
    let letters: Vec<Letter> = (0..items).map(|n| plain.clone().id(format!("msg_kit{n:021}"))).collect();
    let opened = letters.iter().map(|letter| letter.notice.opened()).collect::<Result<Vec<_>, _>>();
    let opened = opened.map_err(|error| error.to_string())?;
    let notices: Vec<_> = opened.iter().map(|one| one.notice()).collect();
    let settled = Settled::default();
    bench.run(driver.deliver_batch(&Batch::new(&notices, &settled)))?;
    let settled = settled.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut seen = Vec::new();
    for (position, letter) in letters.iter().enumerate() {
        let words: Vec<_> =
            settled.iter().filter(|(at, _)| *at == position).map(|(_, outcomes)| outcomes).collect();
        match words.as_slice() {
            [] => seen.push(format!("item {position} was not settled")),
            [outcomes] => seen.extend(wrong(letter, outcomes).or_else(|| {
                let report = outcomes.of(letter.notice.recipients.first()?.index);
                (report.outcome != Outcome::Delivered).then(|| format!("item {position}: {}", line(&report)))
            })),
            words => seen.push(format!("item {position} was settled {} times", words.len())),
        }
    }
    let astray = settled.iter().filter(|(position, _)| *position >= letters.len());
    seen.extend(astray.map(|(position, _)| format!("item {position} was settled, and there is none")));
    Ok(Verdict::of(seen))
}

/// Requests as strangers make them.
fn requests() -> impl Strategy<Value = (Inbound, Vec<u8>)> {
    let names = prop_oneof![
        Just("content-type".to_owned()),
        Just("authorization".to_owned()),
        Just("x-signature".to_owned()),
        "[a-z-]{1,12}"
    ];
    let headers = proptest::collection::btree_map(names, text(), 0..4);
    let body = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..64),
        crate::testing::garbage::json().prop_map(|json| json.to_string().into_bytes()),
        Just(vec![b'['; 200_000]),
    ];
    let method = prop_oneof![Just("POST".to_owned()), Just("GET".to_owned())];
    (method, text(), text(), headers, body).prop_map(|(method, path, query, headers, body)| {
        let headers: BTreeMap<_, _> = headers;
        let mut request = Inbound::default();
        (request.method, request.path, request.query, request.headers) = (method, path, query, headers);
        (request, body)
    })
}

fn receive(bench: &Bench<'_>) -> Result<Verdict, String> {
    if !bench.manifest.has("receive") {
        return Ok(Verdict::skipped("its manifest does not list `receive`"));
    }
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let shown = |(request, body): &(Inbound, Vec<u8>)| {
        let body: Vec<u8> = body.iter().copied().take(200).collect();
        format!("{request:?} with the body {:?}", String::from_utf8_lossy(&body))
    };
    let found = hunt(REQUESTS, requests(), shown, |(request, body)| {
        match bench.run(driver.receive(request, body))? {
            Ok(answer) if !(200..=599).contains(&answer.status) => {
                Err(format!("the answer is {}", answer.status))
            }
            Ok(_) => Ok(()),
            Err(refusal) => match panicked(&refusal) {
                Some(panic) => Err(panic),
                None if refusal.why.is_empty() => Err("it is refused without a reason".to_owned()),
                None => Ok(()),
            },
        }
    });
    Ok(Verdict::of(found))
}
