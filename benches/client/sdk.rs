//! The SDK's client.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use nuncio_plugin_sdk::{
    core::net::Policy,
    http::{Bytes, Client, Endpoint, HeaderName, HeaderValue, Uri},
};
use tokio::task::JoinSet;

use crate::{
    BODY, TOGETHER,
    bare::{HEADERS, finished},
    cpu::spent_ns,
    sink::Sink,
};

const DEADLINE: Duration = Duration::from_secs(30);

/// CPU a POST to `url`, after a first one on each connection where `warm`.
pub(crate) async fn posts(sink: &Sink, url: &str, posts: usize, warm: bool) -> Result<f64> {
    let policy = Arc::new(Policy::new(&["127.0.0.0/8".to_owned()], &[])?);
    let client = Client::new(policy, Some(sink.certificate.path()))?;
    let to = Endpoint::of(&url.parse::<Uri>()?)?;
    let body = Bytes::from(vec![b'x'; BODY]);
    if warm {
        finished(flying(&client, &to, &body, 1), spent_ns()?, TOGETHER).await?;
    }
    let begun = spent_ns()?;
    finished(flying(&client, &to, &body, posts / TOGETHER), begun, posts / TOGETHER * TOGETHER).await
}

/// `TOGETHER` tasks that send `each` requests, one after the other.
fn flying(client: &Client, to: &Endpoint, body: &Bytes, each: usize) -> JoinSet<Result<()>> {
    let mut tasks = JoinSet::new();
    for _ in 0..TOGETHER {
        let (client, to, body) = (client.clone(), to.clone(), body.clone());
        tasks.spawn(async move {
            for _ in 0..each {
                post(&client, &to, &body).await?;
            }
            Ok(())
        });
    }
    tasks
}

async fn post(client: &Client, to: &Endpoint, body: &Bytes) -> Result<()> {
    let headers =
        HEADERS.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    let answer = client.post(to, headers.collect(), body.clone(), DEADLINE).await?;
    ensure!(answer.status.is_success(), "the sink answered {}", answer.status);
    Ok(())
}
