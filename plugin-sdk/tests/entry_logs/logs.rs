//! Log lines go to the host of the youngest instance that lives.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use nuncio_plugin_sdk::{
    Context, Driver, Notice, Outcome, Outcomes, Plugin, SettingsError, async_trait,
    core::abi,
    register_driver,
    serde_json::{self, Value, json},
};

use crate::{host::Told, made::Made, notice::lot};

/// Writes a line of each level.
struct Talker;

fn talk() {
    let error = io::Error::other("cause");
    let span = tracing::error_span!("a span is no line", secret = 1);
    let _inside = span.enter();
    tracing::error!(target: "talker::wire", error = &error as &dyn std::error::Error, n = -1, "failed: {}", 7);
    tracing::warn!(size = 5_u64, ratio = 0.5, ok = true, name = "é", other = ?Some(1));
    tracing::info!("plain");
    tracing::debug!("more");
    tracing::trace!("most");
}

#[async_trait]
impl Driver for Talker {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        if notice.content.subject == "thread panic" {
            drop(std::thread::spawn(|| panic!("on a thread of its own")).join());
        }
        talk();
        Outcome::Delivered.into()
    }
}

impl Plugin for Talker {
    const NAME: &'static str = "talker";
    const SCHEMES: &'static [&'static str] = &["talker"];
    type Settings = ();

    fn new((): (), context: &Context) -> Result<Self, SettingsError> {
        tracing::info!(account = context.account, "made");
        Ok(Self)
    }
}

register_driver!(Talker);

fn one_at_a_time() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lines that the host of `made` read: level, target, message and fields.
fn lines(made: &Made) -> Vec<(i32, String, String, Value)> {
    let line = |told: Told| match told {
        Told::Logged { level, target, message, fields } => {
            Some((level, target, message, serde_json::from_str(&fields).unwrap()))
        }
        _ => None,
    };
    made.host.told().into_iter().filter_map(line).collect()
}

fn made(level: i32) -> Made {
    let made = Made::new("talker", "logs");
    *made.host.level.lock().unwrap() = level;
    made
}

fn spoken(made: &Made) -> Vec<(i32, String, String, Value)> {
    let notices = lot(["x"]);
    made.submit(&notices);
    made.host.completed(1);
    lines(made)
}

#[test]
fn a_line_arrives_with_its_level_target_message_and_fields() {
    let _turn = one_at_a_time();
    let lines = spoken(&made(abi::LOG_TRACE));
    let levels: Vec<_> = lines.iter().map(|line| line.0).collect();
    assert_eq!(levels, [abi::LOG_ERROR, abi::LOG_WARN, abi::LOG_INFO, abi::LOG_DEBUG, abi::LOG_TRACE]);
    let (_, target, message, fields) = &lines[0];
    assert_eq!((target.as_str(), message.as_str()), ("talker::wire", "failed: 7"));
    assert_eq!(*fields, json!({"error": "cause", "n": -1}));
    let (_, target, message, fields) = &lines[1];
    assert_eq!((target.as_str(), message.as_str()), ("entry_logs::logs", ""));
    assert_eq!(*fields, json!({"size": 5, "ratio": 0.5, "ok": true, "name": "é", "other": "Some(1)"}));
}

#[test]
fn a_line_that_nobody_reads_does_not_cross() {
    let _turn = one_at_a_time();
    assert!(spoken(&made(0)).is_empty());
    let lines = spoken(&made(abi::LOG_WARN));
    assert_eq!(lines.iter().map(|line| line.0).collect::<Vec<_>>(), [abi::LOG_ERROR, abi::LOG_WARN]);
}

#[test]
fn lines_go_to_the_youngest_that_lives_and_then_nowhere() {
    let _turn = one_at_a_time();
    let (older, younger) = (made(abi::LOG_INFO), made(abi::LOG_INFO));
    talk();
    assert_eq!((lines(&older).len(), lines(&younger).len()), (0, 3));
    let host = younger.host.clone();
    drop(younger);
    talk();
    assert_eq!(lines(&older).len(), 3);
    drop(older);
    talk();
    let logged = host.told().into_iter().filter(|one| matches!(one, Told::Logged { .. })).count();
    assert_eq!(logged, 3, "nothing after it was destroyed");
}

#[test]
fn a_panic_on_a_thread_of_the_drivers_own_is_logged() {
    let _turn = one_at_a_time();
    let made = made(abi::LOG_ERROR);
    let notices = lot(["thread panic"]);
    made.submit(&notices);
    let (level, target, message, _) = lines(&made).remove(0);
    assert_eq!((level, target.as_str()), (abi::LOG_ERROR, "panic"));
    assert!(message.contains("logs.rs:") && message.ends_with("on a thread of its own"), "{message}");
}
