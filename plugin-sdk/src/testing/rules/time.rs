//! Deadlines, cancellation, many at once, and the end.

use std::time::Duration;

use nuncio_core::{Outcome, Scope};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};

use super::reports::{expected, line, unlike, wrong};
use crate::testing::{
    bench::Bench,
    finding::{MOST_SEEN, Rule, Verdict},
    letter::TEXT,
    server::{Case, Does},
    table::Check,
};

const DEADLINE: Rule = Rule {
    name: "deadline",
    demand: "a far side that never answers is reported before the deadline: deferred, scope destination, and maybe sent \
             where the message was written",
    host: "it drops the attempt at the deadline and can only guess: `timeout`, maybe sent. A driver that blocks keeps a \
           slot for as long as it likes",
    mend: "bound the try by `time_left(notice, clock)`, and say `Report::deferred(Scope::Destination, ..).maybe_sent()`",
};
const CANCEL: Rule = Rule {
    name: "cancel",
    demand: "a delivery that is dropped in the middle leaves a driver that delivers the next one",
    host: "after one timeout nothing would be delivered any more until it is started again",
    mend: "hold no lock, slot or half-used connection beyond the future: give each a `Drop`",
};
const MANY: Rule = Rule {
    name: "many-at-once",
    demand: "as many deliveries at once as `limits.in_flight` says (the kit tries up to 32) all succeed",
    host: "under load it would defer what could be delivered",
    mend: "share no connection without a queue; declare in `limits()` what the channel bears",
};
const SHUTDOWN: Rule = Rule {
    name: "shutdown",
    demand: "`shutdown` ends within its grace, with deliveries under way",
    host: "it abandons the driver with a line in the log when the grace is over; whatever it was doing is cut off",
    mend: "end what runs, and let go of connections, within the time given",
};

pub(in crate::testing) const CHECKS: &[Check] =
    &[(DEADLINE, deadline), (CANCEL, cancel), (MANY, many), (SHUTDOWN, shutdown)];

/// A machine that is busy gets more time, a driver that does not look at its deadline fails in all of them.
const DEADLINES_MS: [u64; 3] = [400, 1500, 4000];
const GRACE: Duration = Duration::from_millis(500);
/// What a shutdown may take beyond its grace on a busy machine.
const LEEWAY: Duration = Duration::from_millis(700);
const MOST_AT_ONCE: u32 = 32;

fn deadline(bench: &Bench<'_>) -> Result<Verdict, String> {
    if let Err(why) = bench.has_server() {
        return Ok(Verdict::Skipped(why));
    }
    let (outcome, scope) = expected(bench, Case::Hang, (Outcome::Deferred, Scope::Destination));
    let mut late = Vec::new();
    for ms in DEADLINES_MS {
        let server = bench.far_side(Does::Hangs);
        let driver = bench.driver(server.address())?;
        let time = Duration::from_millis(ms);
        let letter = bench.letter(&*driver, &server)?;
        let begun = tokio::time::Instant::now();
        let letter = letter.clone().at(crate::testing::clock::now_ms()).within(time);
        let report = bench.run(async { timeout(time, letter.deliver(&*driver)).await })?;
        let Ok(report) = report else {
            late.push(format!(
                "with {ms} ms to go there was no report after {} ms",
                begun.elapsed().as_millis()
            ));
            continue;
        };
        let unsaid = server.saw(TEXT) && !report.maybe_sent;
        let unsaid =
            unsaid.then(|| format!("the server had the message, and the report says: {}", line(&report)));
        return Ok(Verdict::of(unlike(&report, outcome, scope).into_iter().chain(unsaid)));
    }
    Ok(Verdict::of(late))
}

fn cancel(bench: &Bench<'_>) -> Result<Verdict, String> {
    let server = bench.far_side(Does::Hangs);
    let driver = bench.driver(server.address())?;
    let letter = bench.letter(&*driver, &server)?;
    bench.run(async {
        tokio::select! {
            // What it says is for other rules.
            _ = letter.deliver(&*driver) => {}
            () = server.reached() => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    })?;
    server.does(Does::Answers);
    let next = bench.letter(&*driver, &server)?.id("msg_thenextone000000000000000");
    let report = bench.run(next.deliver(&*driver))?;
    let failed = report.outcome != Outcome::Delivered;
    Ok(Verdict::of(failed.then(|| format!("the delivery after a dropped one: {}", line(&report)))))
}

fn many(bench: &Bench<'_>) -> Result<Verdict, String> {
    let server = bench.far_side(Does::Answers);
    let driver = bench.driver(server.address())?;
    let plain = bench.letter(&*driver, &server)?;
    let tasks = bench.run(async {
        let mut tasks = JoinSet::new();
        for number in 0..bench.manifest.limits.in_flight.clamp(1, MOST_AT_ONCE) {
            let (letter, driver) = (plain.clone().id(format!("msg_kit{number:021}")), driver.shared());
            tasks.spawn(async move { (letter.outcomes(&*driver).await, letter) });
        }
        let mut all = Vec::new();
        while let Some(done) = tasks.join_next().await {
            all.push(done.map_err(|error| error.to_string()));
        }
        all
    })?;
    let seen = tasks.into_iter().filter_map(|done| match done {
        Err(panic) => Some(panic),
        Ok((outcomes, letter)) => wrong(&letter, &outcomes).or_else(|| {
            let report = outcomes.of(letter.notice.recipients.first()?.index);
            (report.outcome != Outcome::Delivered).then(|| line(&report))
        }),
    });
    Ok(Verdict::of(seen.take(MOST_SEEN)))
}

fn shutdown(bench: &Bench<'_>) -> Result<Verdict, String> {
    let server = bench.far_side(Does::Hangs);
    let driver = bench.driver(server.address())?;
    let letter = bench.letter(&*driver, &server)?.within(Duration::from_secs(10));
    let took = bench.run(async {
        let mut tasks = JoinSet::new();
        for _ in 0..4 {
            let (letter, driver) = (letter.clone(), driver.shared());
            tasks.spawn(async move { letter.deliver(&*driver).await });
        }
        // A driver without a server has ended by then.
        timeout(Duration::from_millis(300), server.reached()).await.ok();
        let begun = Instant::now();
        timeout(GRACE + LEEWAY, driver.shutdown(GRACE)).await.ok().map(|()| begun.elapsed())
    })?;
    let late = took.is_none();
    Ok(Verdict::of(
        late.then(|| format!("it had not ended {} ms after it began", (GRACE + LEEWAY).as_millis())),
    ))
}
