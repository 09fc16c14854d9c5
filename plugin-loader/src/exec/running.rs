//! A life while it lasts: reading, writing and watching, and how it ends.

use std::{pin::pin, sync::Arc, time::Duration};

use nuncio_core::wire::DisabledAnswer;
use serde_json::json;
use tokio::{sync::watch, time::MissedTickBehavior};

use super::{
    handshake::too_long,
    life::Life,
    message::{Blob, ToChild},
    options::ExecOptions,
    process::{Process, Stdout, shown},
    read::read,
    writer::{Stopped, write},
};

/// What the owner of a driver wants of its supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Live.
    Live,
    /// End within this time.
    End(Duration),
}

/// The process of a life with its pipes.
pub(super) struct Body {
    pub(super) process: Process,
    pub(super) stdin: tokio::process::ChildStdin,
    pub(super) stdout: Stdout,
}

/// Why a life is over.
enum Over {
    /// Its stdout ended, its stdin is closed, or it exited: its last lines may still be there.
    Gone,
    /// It must be killed.
    Stuck(&'static str),
    /// Its owner wanted it.
    Wished,
}

const UNREAD: &str = "its process did not read its stdin and was killed";
const UNHEEDED: &str = "its process did not complete what was cancelled and was killed";

/// Lives until the process ends or `wish` says so: the reason, `None` where it was wished.
pub(super) async fn live(
    body: Body,
    life: &Arc<Life>,
    options: &ExecOptions,
    wish: &mut watch::Receiver<Wish>,
) -> Option<String> {
    let Body { mut process, stdin, stdout } = body;
    let mut heard = false;
    let mut hearing = pin!(hear(life, stdout));
    let over = {
        let mut course = pin!(async {
            tokio::select! {
                () = &mut hearing => {
                    heard = true;
                    Over::Gone
                }
                stopped = write(&life.outbox, &life.flights, stdin, options.stall) => match stopped {
                    Stopped::Closed => Over::Gone,
                    Stopped::Stalled => Over::Stuck(UNREAD),
                },
                _ = process.ended() => Over::Gone,
                () = watch_cancelled(life, options.stall) => Over::Stuck(UNHEEDED),
                () = ask_disabled(life, options.ask) => Over::Gone,
            }
        });
        tokio::select! {
            over = &mut course => over,
            grace = wished(wish) => {
                life.outbox.last(&ToChild::Shutdown { grace_ms: grace.as_millis().try_into().unwrap_or(u64::MAX) });
                drop(tokio::time::timeout(grace, course).await);
                Over::Wished
            }
        }
    };
    if !matches!(over, Over::Gone) {
        process.kill();
    }
    let rest = async {
        if !heard {
            hearing.await;
        }
    };
    let status = process.wind_down(rest).await;
    match over {
        Over::Wished => None,
        Over::Stuck(why) => Some(why.to_owned()),
        Over::Gone => Some(format!("its process ended ({}){}", shown(status), life.hearing.last_words())),
    }
}

/// Takes in every line until the stream ends.
async fn hear(life: &Arc<Life>, mut stdout: Stdout) {
    while let Ok(Some(line)) = stdout.next().await {
        if line.cut {
            life.hearing.foreign(too_long(line.bytes));
            continue;
        }
        match read(line.bytes) {
            Ok(message) => life.hear(message).await,
            Err(foreign) => life.hearing.foreign(foreign),
        }
    }
}

/// Returns when a cancelled notice has stayed open for too long.
async fn watch_cancelled(life: &Life, stall: Duration) {
    let mut ticks = tokio::time::interval((stall / 4).max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if life.flights.hung(stall) {
            return;
        }
    }
}

/// Asks again and again whether the driver can deliver, if it wants to be asked.
async fn ask_disabled(life: &Life, every: Duration) {
    if !life.manifest.has("disabled") {
        return std::future::pending().await;
    }
    loop {
        let answer = life.call("disabled", json!({}), Blob::default()).await;
        let said = answer.map(|(json, _)| serde_json::from_value::<DisabledAnswer>(json));
        match said {
            Ok(Ok(answer)) => life.set_disabled(answer.reason),
            Ok(Err(error)) => life.hearing.broken(&format!("its answer to `disabled`: {error}")),
            Err(unanswered) => life.hearing.broken(&format!("its answer to `disabled`: {unanswered}")),
        }
        life.said_nothing();
        tokio::time::sleep(every).await;
    }
}

/// Waits until the owner wants the end; an owner that is gone wants it at once.
pub(super) async fn wished(wish: &mut watch::Receiver<Wish>) -> Duration {
    match wish.wait_for(|wish| *wish != Wish::Live).await.map(|wish| *wish) {
        Ok(Wish::End(grace)) => grace,
        Ok(Wish::Live) | Err(_) => Duration::ZERO,
    }
}
