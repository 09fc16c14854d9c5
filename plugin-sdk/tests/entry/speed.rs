//! What the library's side of a delivery costs: `cargo test -p nuncio-plugin-sdk --release --test entry -- --ignored
//! --nocapture nanoseconds`.

use std::{ffi::c_void, sync::Arc, time::Instant};

use nuncio_plugin_sdk::core::abi;

use crate::{
    host::Host,
    made::{Made, create, empty_table},
    notice::{Raw, json},
};

const ROUNDS: u32 = 20;
const DELIVERIES: u32 = 20_000;

unsafe extern "C" fn ignore(_: *mut c_void, _: *const *const abi::Completion, _: usize) {}

fn notice(token: u64) -> Raw {
    let mut json = json("");
    json.uri = "quick://somewhere/".to_owned();
    json.id = "0190a1b2-c3d4-8e5f-8a6b-7c8d9e0f1a2b".to_owned();
    json.message.clone_from(&json.id);
    json.subscription.clone_from(&json.id);
    (json.project, json.queue) = ("project".to_owned(), "queue".to_owned());
    json.content_type = "text/plain".to_owned();
    json.body = vec![b'a'; 515];
    json.text = "a".repeat(515);
    Raw::of(token, json)
}

/// The best of several rounds, per delivery.
#[allow(clippy::disallowed_methods, reason = "the time of the machine is what is measured")]
fn best(made: &Made, notices: &[Raw]) -> f64 {
    let pointers: Vec<_> = notices.iter().map(|one| &raw const *one.notice).collect();
    let rounds = (0..ROUNDS).map(|_| {
        let begun = Instant::now();
        for _ in 0..DELIVERIES / notices.len() as u32 {
            made.submit_pointers(&pointers);
        }
        begun.elapsed().as_nanos() as f64 / f64::from(DELIVERIES)
    });
    rounds.fold(f64::INFINITY, f64::min)
}

#[test]
#[ignore = "a figure, not a fact: run it in release"]
fn nanoseconds() {
    let host = Arc::new(Host::default());
    let mut raw = host.raw();
    raw.complete = Some(ignore);
    let mut table = empty_table();
    assert_eq!(create("quick", &raw const raw, "{}", &raw mut table).0, abi::OK);
    let made = Made { host, table };
    let notices: Vec<Raw> = (0..64).map(notice).collect();
    println!("one at a time: {:.0} ns", best(&made, &notices[..1]));
    println!("64 at a time: {:.0} ns", best(&made, &notices));
}
