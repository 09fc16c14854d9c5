//! Instances end.

use std::time::Duration;

use nuncio_plugin_sdk::core::abi;

use crate::{
    host::Told,
    made::Made,
    notice::{Raw, json, lot},
};

/// Waits until so many threads of this process belong to an instance of the driver `quick`. A thread names itself when
/// it runs, and stays listed for a moment after it was joined.
#[track_caller]
fn wait_for_threads(wanted: usize) {
    let count = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
        names.filter(|name| name.trim() == "nuncio-quick").count()
    };
    let met = (0..10_000).any(|_| {
        std::thread::sleep(Duration::from_millis(1));
        count() == wanted
    });
    assert!(met, "{} threads, not {wanted}", count());
}

#[test]
fn a_hundred_that_sleep_end_within_the_grace() {
    let notices: Vec<Raw> = (0..100).map(|token| Raw::of(token, json("sleep"))).collect();
    let made = Made::new("single", "hundred");
    assert_eq!(made.submit(&notices), (abi::OK, 100));
    let grace = Duration::from_millis(1_000);
    #[allow(clippy::disallowed_methods, reason = "the grace is time of the machine")]
    let begun = std::time::Instant::now();
    made.shutdown(grace.as_millis() as u32);
    assert!(begun.elapsed() < grace, "{:?}", begun.elapsed());
    let told = made.host.told();
    let cancelled = told.iter().filter(|one| match one {
        Told::Completed { said, .. } => said[0].status == abi::CANCELLED,
        _ => false,
    });
    assert_eq!(cancelled.count(), 100);
    assert!(told.iter().any(|one| matches!(one, Told::Called { json, .. } if json.contains("\"shutdown\""))));
}

#[test]
fn shutdown_lets_what_is_under_way_end_and_takes_nothing_more() {
    let notices = lot(["late", "late", "ok"]);
    let made = Made::new("single", "grace");
    made.submit(&notices[..2]);
    made.shutdown(u32::MAX);
    let statuses: Vec<_> = made.host.completed(2).iter().map(|(_, said)| said[0].status).collect();
    assert_eq!(statuses, [abi::DELIVERED; 2]);
    assert_eq!(made.submit(&notices[2..]), (abi::CLOSED, 0));
    made.cancel(&[1]);
    made.shutdown(0);
    assert_eq!(made.host.completed(2).len(), 2);
}

#[test]
fn a_panic_while_it_shuts_down_takes_no_delivery_along() {
    let made = Made::new("single", "panics at the end");
    *made.host.level.lock().unwrap() = abi::LOG_ERROR;
    let notices = lot(["late"]);
    made.submit(&notices);
    made.shutdown(60_000);
    assert_eq!(made.host.completed(1)[0].1[0].status, abi::DELIVERED);
    let logged = |one: &Told| matches!(one, Told::Logged { message, .. } if message.ends_with("not today"));
    assert!(made.host.told().iter().any(logged), "{:#?}", made.host.told());
}

#[test]
fn destroying_alone_ends_everything_and_leaves_no_thread() {
    let made = Made::new("quick", "threads");
    wait_for_threads(1);
    drop(made);
    wait_for_threads(0);
    let made = Made::new("single", "destroyed");
    let (host, notices) = (made.host.clone(), lot(["sleep"]));
    made.submit(&notices);
    drop(made);
    assert_eq!(host.completed(1)[0].1[0].status, abi::CANCELLED);
}
