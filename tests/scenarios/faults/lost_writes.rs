//! A power cut: everything that was written but not synced is gone; every 201 survives.

use std::{fs, thread, time::Duration};

use nuncio_tests::{Folder, Recipe, Reply, Shadow, Sink};
use serde_json::json;

use super::shared::{PROJECT, all_delivered};
use crate::{
    clock::long,
    load::{Load, Route},
};

/// One message to two subscribers.
const ROUTE: Route = Route { project: PROJECT, queue: "q", batch: 1, subscribers: 2 };

#[test]
fn every_201_survives_the_loss_of_what_was_not_synced() {
    for round in 0..if long() { 20 } else { 3 } {
        power_cut(Duration::from_millis(1500 + round * 137));
    }
}

/// Cuts the power after `time` of posting to an endpoint that hangs and one that fails and is tried again.
fn power_cut(time: Duration) {
    let sink = Sink::start();
    sink.on("/hanging", [Reply::Hang]);
    sink.on("/failing", [Reply::Status(500)]);
    let folder = Folder::new("host");
    fs::create_dir(folder.join("data")).unwrap();
    let shadow = Shadow::of(&folder.join("data"));
    let schedule = format!("[\"0s\"{}]", ", \"1s\"".repeat(60));
    let recipe = Recipe::new().delivery(&format!("retry = {{ schedule = {schedule} }}"));
    let mut host = recipe.clone().envs(shadow.environment()).start_in(folder);
    for path in ["/hanging", "/failing"] {
        host.subscribe("q", &sink.url(path), &json!({}));
    }

    let load = Load::default();
    load.aim(Some(host.address()));
    thread::scope(|scope| {
        let _finish = load.finish_after();
        for _ in 0..4 {
            scope.spawn(|| load.post(ROUTE, &[&sink]));
        }
        thread::sleep(time);
        host.kill();
    });
    shadow.recover();
    assert!(load.count() > 100, "only {} posts were acknowledged", load.count());

    for path in ["/hanging", "/failing"] {
        sink.on(path, [Reply::Status(204)]);
    }
    host.change(recipe);
    host.start();
    let account = all_delivered(&host, &sink, &load.accepted());
    eprintln!("{} messages acknowledged before the power was cut: {account}", load.count());
}
