//! The command: set up, act, watch, account.

use std::{collections::BTreeSet, time::Duration};

use nuncio_core::Outcome;
use serde_json::json;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::broadcast::{Receiver, error::RecvError},
    time,
};

use super::{
    account,
    client::{Client, PROJECT},
    narrator::Narrator,
    play::{self, QUEUE},
    stage::Stage,
};
use crate::{
    cli::{
        fault::{Exit, Fault},
        output::{Output, Tone},
    },
    delivery::Observed,
};

/// How long the deliveries may take before what is missing is named.
const WITHIN: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// End when everything has arrived (exit code 0), or say what is missing (1)
    #[arg(long)]
    once: bool,
}

pub(in crate::cli) async fn run(wanted: Arguments, output: Output) -> Result<Exit, Fault> {
    let stage = Stage::set().await?;
    let exit = tokio::select! {
        exit = show(&stage, wanted.once, output) => exit,
        // Whoever wants to see it once wants to see it to the end.
        () = interrupted() => Ok(if wanted.once { Exit::Failed } else { Exit::Ok }),
    };
    stage.strike().await;
    exit
}

async fn show(stage: &Stage, once: bool, output: Output) -> Result<Exit, Fault> {
    let uris = stage.subscribers().into_iter().chain(stage.notified());
    let narrator = Narrator::new(output, uris.map(|uri| uri.chars().count()).max().unwrap_or(0));
    let client = Client::new(stage.host.address())?;
    let mut observed = stage.host.observe();
    opening(stage, &narrator);
    let schemes = play::drivers(&client, &narrator).await?;
    let posted = play::act(stage, &client, &schemes, &narrator).await?;
    narrator.heading("What is delivered");
    narrator.columns();
    let all = first(&mut observed, posted.deliveries(), &narrator);
    if time::timeout(WITHIN, all).await.is_err() {
        narrator.say(format!("  not everything was delivered within {} s", WITHIN.as_secs()));
    }
    let complete = account::settle(stage, &client, posted, &narrator).await?;
    if !once {
        closing(&client, &narrator);
        while let Some(one) = next(&mut observed).await {
            narrator.attempt(&one);
        }
    }
    Ok(if complete { Exit::Ok } else { Exit::Failed })
}

fn opening(stage: &Stage, narrator: &Narrator) {
    let (host, folder) = (stage.host.address(), stage.folder.path().display().to_string());
    let (hooks, mail) = (stage.webhooks.address, stage.mail.address);
    narrator.say(
        narrator.output.toned(Tone::Strong, "Nuncio on this machine: one host, its receivers, real sockets"),
    );
    narrator.say(format!("  host              http://{host}, its store in {folder}"));
    narrator.say(format!("  webhook receiver  http://{hooks}, whose path /flaky answers 503 twice"));
    narrator.say(format!("  mail receiver     smtp://{mail}"));
    narrator.event(
        "started",
        json!({
            "host": format!("http://{host}"), "store": folder, "webhook_receiver": format!("http://{hooks}"),
            "mail_receiver": format!("smtp://{mail}"),
        }),
    );
}

/// Tells attempts until `deliveries` have been delivered.
async fn first(observed: &mut Receiver<Observed>, deliveries: usize, narrator: &Narrator) {
    let mut delivered = BTreeSet::new();
    while delivered.len() < deliveries {
        let Some(one) = next(observed).await else { return };
        narrator.attempt(&one);
        if one.outcome == Outcome::Delivered {
            delivered.insert(one.id);
        }
    }
}

/// The next attempt; `None` when the host has ended.
async fn next(observed: &mut Receiver<Observed>) -> Option<Observed> {
    loop {
        match observed.recv().await {
            Ok(one) => return Some(one),
            // More than fit on a screen went by.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}

fn closing(client: &Client, narrator: &Narrator) {
    let (host, id) = (client.host, client.id);
    narrator.heading("Post more; it is shown as it is delivered (Ctrl-C ends it)");
    narrator.say(format!(
        "\ncurl -i http://{host}{QUEUE}/messages -H 'Client-ID: {id}' -H 'X-Project-ID: {PROJECT}' \\\n  \
         -H 'Content-Type: application/json' -d '{{\"messages\": [{{\"body\": \"Hello\"}}]}}'\n\n\
         curl http://{host}/v2/deliveries -H 'X-Project-ID: {PROJECT}'\n"
    ));
    narrator.columns();
}

/// Ctrl-C or SIGTERM.
async fn interrupted() {
    let (int, term) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut int), Ok(mut term)) = (int, term) else { return std::future::pending().await };
    tokio::select! {
        _ = int.recv() => {}
        _ = term.recv() => {}
    }
}
