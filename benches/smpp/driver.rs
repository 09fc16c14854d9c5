//! The driver, as the host calls it: one notice for each SMS, as many at a time as the window holds.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Result, anyhow, ensure};
use futures_util::{StreamExt, stream};
use nuncio_driver_sms::{Settings, Sms};
use nuncio_plugin_sdk::{
    Clock, Content, Context, Driver, Notice, Options, Outcome, Plugin, Recipient, SubscriberUri,
    net::Policy,
    serde_json::{self, json},
};

use tokio::time::Instant;

use crate::WINDOW;

struct Stands;
impl Clock for Stands {
    fn now_ms(&self) -> i64 {
        0
    }
}

/// SMS a second.
pub(crate) async fn rate(centre: SocketAddr, sms: usize) -> Result<f64> {
    let settings: Settings = serde_json::from_value(json!({"accounts": {"acme": {
        "kind": "smpp", "url": format!("smpp://{centre}"), "system_id": "nuncio", "password": "hunter2", "sender": "Nuncio",
        "window": WINDOW,
    }}}))?;
    let context = Context::new(Arc::new(Stands), Arc::new(Policy::default()), Duration::from_secs(30));
    let driver = Sms::new(settings, &context)?;
    let uri = SubscriberUri::parse("sms:+15551230101").map_err(|error| anyhow!("{error}"))?;
    let (recipients, options) = ([Recipient::new(0, "+15551230101")], Options::default());
    let deliver = || async {
        let mut notice = Notice::new("msg_1", &uri, &recipients, &options);
        notice.deadline_ms = 30_000;
        notice.content = Content::text("The pump stands still");
        driver.deliver(&notice).await.of(0).outcome
    };
    // The session is bound with the first answer, where the time begins; what was under way with it is too little to matter.
    let mut begun = Instant::now();
    let mut outcomes = stream::iter(0..sms).map(|_| deliver()).buffer_unordered(WINDOW);
    let mut delivered = 0;
    while let Some(outcome) = outcomes.next().await {
        if delivered == 0 {
            begun = Instant::now();
        }
        ensure!(outcome == Outcome::Delivered, "an SMS was not delivered");
        delivered += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    drop(outcomes);
    driver.shutdown(Duration::from_secs(5)).await;
    Ok(sms as f64 / seconds)
}
