//! Deliveries through one driver, and their CPU.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use nuncio_core::{
    Batch, Content, Driver, Notice, Options, Outcome, Outcomes, Recipient, Settle, SubscriberUri,
};

use crate::cpu::spent_ns;

/// How many are under way together, and how many make a batch.
pub(crate) const TOGETHER: usize = 64;
/// The size of the message.
pub(crate) const BODY: usize = 515;

/// The CPU of one delivery in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) alone: f64,
    pub(crate) in_flight: f64,
    pub(crate) batch: f64,
}

/// What is delivered again and again.
pub(crate) struct Letter {
    uri: SubscriberUri,
    address: String,
    options: Options,
    body: String,
}

impl Letter {
    pub(crate) fn to(uri: &str) -> Result<Self> {
        let (uri, address) = (SubscriberUri::parse(uri)?, uri.to_owned());
        Ok(Self { uri, address, options: Options::default(), body: "x".repeat(BODY) })
    }

    fn recipients(&self) -> [Recipient<'_>; 1] {
        [Recipient::new(0, &self.address)]
    }

    fn notice<'a>(&'a self, recipients: &'a [Recipient<'a>]) -> Notice<'a> {
        let mut notice = Notice::new("msg_0123456789abcdef", &self.uri, recipients, &self.options);
        notice.content_type = "application/json";
        notice.body = self.body.as_bytes();
        notice.content = Content::text("hello").with_subject("subject");
        notice.meta.queue = "orders";
        notice.meta.project = "shop";
        notice
    }
}

/// Measures `deliveries` in each of the three ways, after a tenth of them unmeasured.
pub(crate) async fn cost(driver: &dyn Driver, letter: &Letter, deliveries: usize) -> Result<Cost> {
    let recipients = letter.recipients();
    let notice = letter.notice(&recipients);
    alone(driver, &notice, deliveries / 10).await?;
    let alone = alone(driver, &notice, deliveries).await?;
    in_flight(driver, &notice, deliveries / 10).await?;
    let in_flight = in_flight(driver, &notice, deliveries).await?;
    batches(driver, &notice, deliveries / 10).await?;
    let batch = batches(driver, &notice, deliveries).await?;
    Ok(Cost { alone, in_flight, batch })
}

async fn alone(driver: &dyn Driver, notice: &Notice<'_>, deliveries: usize) -> Result<f64> {
    let before = spent_ns()?;
    for _ in 0..deliveries {
        delivered(&driver.deliver(notice).await)?;
    }
    Ok((spent_ns()? - before) as f64 / deliveries as f64)
}

async fn in_flight(driver: &dyn Driver, notice: &Notice<'_>, deliveries: usize) -> Result<f64> {
    let before = spent_ns()?;
    let mut open: FuturesUnordered<_> = (0..TOGETHER).map(|_| driver.deliver(notice)).collect();
    for _ in 0..deliveries {
        if let Some(outcomes) = open.next().await {
            delivered(&outcomes)?;
        }
        open.push(driver.deliver(notice));
    }
    while let Some(outcomes) = open.next().await {
        delivered(&outcomes)?;
    }
    Ok((spent_ns()? - before) as f64 / (deliveries + TOGETHER) as f64)
}

async fn batches(driver: &dyn Driver, notice: &Notice<'_>, deliveries: usize) -> Result<f64> {
    let notices = vec![*notice; TOGETHER];
    let rounds = deliveries.div_ceil(TOGETHER);
    let count = Count(AtomicUsize::new(0));
    let before = spent_ns()?;
    for _ in 0..rounds {
        driver.deliver_batch(&Batch::new(&notices, &count)).await;
    }
    let spent = spent_ns()? - before;
    let settled = count.0.load(Ordering::Relaxed);
    ensure!(settled == rounds * TOGETHER, "{settled} of {} were delivered", rounds * TOGETHER);
    Ok(spent as f64 / settled as f64)
}

/// Counts what was delivered.
struct Count(AtomicUsize);

impl Settle for Count {
    fn settle(&self, _: usize, outcomes: Outcomes) {
        if delivered(&outcomes).is_ok() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn delivered(outcomes: &Outcomes) -> Result<()> {
    let report = outcomes.of(0);
    ensure!(report.outcome == Outcome::Delivered, "not delivered: {}", report.reason);
    Ok(())
}
