//! A power cut: everything that was written but not synced is gone; every 201 survives.

use std::{
    collections::HashSet,
    fs,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use nuncio_tests::{Folder, Host, Recipe, Reply, Shadow, Sink, http::Client, patiently};
use serde_json::json;

use crate::clock::{SOON, long};

#[test]
fn every_201_survives_the_loss_of_what_was_not_synced() {
    for round in 0..if long() { 20 } else { 3 } {
        power_cut(round);
    }
}

fn power_cut(round: u64) {
    let sink = Sink::start();
    sink.on("/hook", [Reply::Hang]);
    let folder = Folder::new("host");
    fs::create_dir(folder.join("data")).unwrap();
    let shadow = Shadow::of(&folder.join("data"));
    let mut host = Recipe::new().envs(shadow.environment()).start_in(folder);
    host.subscribe("q", &sink.url("/hook"), &json!({}));

    let acknowledged = post_until_killed(&mut host, Duration::from_millis(1500 + round * 137));
    shadow.recover();
    assert!(acknowledged.len() > 100, "only {} posts were acknowledged", acknowledged.len());

    let before = sink.count();
    sink.on("/hook", [Reply::Status(204)]);
    host.change(Recipe::new());
    host.start();
    let mut lost = acknowledged.len();
    let arrives = |lost: &mut usize| {
        let arrived: HashSet<u64> =
            sink.look(|all| all.iter().skip(before).filter_map(|one| one.json()["body"].as_u64()).collect());
        *lost = acknowledged.difference(&arrived).count();
        (*lost == 0).then_some(())
    };
    patiently(SOON * 2, || arrives(&mut lost));
    assert_eq!(
        lost,
        0,
        "of {} acknowledged messages so many did not arrive after the cut",
        acknowledged.len()
    );
}

/// Posts numbers from four connections and kills the host after `time`, in the midst of it; the numbers that were
/// acknowledged.
fn post_until_killed(host: &mut Host, time: Duration) -> HashSet<u64> {
    let (next, address) = (AtomicU64::new(0), host.address());
    let post = || {
        let mut client = Client::connect(address).unwrap();
        let mut acknowledged = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let body = json!({"messages": [{"body": number}]}).to_string();
            match client.send("POST", "/v2/queues/q/messages", &[], body.as_bytes()) {
                Ok(answer) => drop(answer.expect(201)),
                Err(_) => return acknowledged,
            }
            acknowledged.push(number);
        }
    };
    thread::scope(|scope| {
        let posters: Vec<_> = (0..4).map(|_| scope.spawn(post)).collect();
        thread::sleep(time);
        host.kill();
        posters.into_iter().flat_map(|poster| poster.join().unwrap()).collect()
    })
}
