//! A disk that is full and freed again.

use std::{thread, time::Duration};

use nuncio_tests::{Host, Recipe, Sink, SmallDisk, until};
use serde_json::json;

use super::shared::{all_delivered, under_load};
use crate::{clock::SOON, load::Load};

const DISK: u64 = 32 << 20;
/// What a refused client is told.
const FULL: &str = "is full";

/// A host with one webhook on a disk of its own, which leaves `min_free` bytes of it alone.
fn on(disk: &SmallDisk, sink: &Sink, min_free: u64) -> Host {
    let host = Recipe::new().storage(&format!("min_free = {min_free}")).start_in(disk.folder());
    host.subscribe("q", &sink.url("/hook"), &json!({}));
    host
}

/// Waits until a post is refused with an answer that says `why`; all that are refused are told when to come back.
#[track_caller]
fn refused(load: &Load, why: &str) {
    until("posts to be refused", SOON, || {
        let answers = load.take_refused();
        for answer in &answers {
            assert!(answer.header("retry-after").is_some(), "without Retry-After: {}", answer.text());
            assert!(answer.text().contains("disk"), "it does not name the disk: {}", answer.text());
        }
        answers.iter().any(|answer| answer.text().contains(why)).then_some(())
    });
}

/// While `disk` is filled up to `left` bytes, posts are refused, and nothing else; then all goes on.
fn fill_and_free(disk: &SmallDisk, host: &Host, load: &Load, left: u64, why: &str) {
    disk.fill(left);
    refused(load, why);
    host.get("/healthz").expect(200);
    host.get("/v2/queues/q/stats").expect(200);
    let before = load.count();
    disk.free();
    until("posts to be taken again", SOON, || (load.count() > before + 100).then_some(()));
}

#[test]
fn a_full_disk_refuses_posts_and_goes_on_once_it_has_room() {
    let (disk, sink, load) = (SmallDisk::new(DISK), Sink::start(), Load::default());
    let mut host = on(&disk, &sink, 0);
    under_load(&mut host, &sink, &load, |host| {
        thread::sleep(Duration::from_millis(300));
        for left in [0, 300_000] {
            fill_and_free(&disk, host, &load, left, FULL);
        }
    });
    eprintln!("{}", all_delivered(&host, &sink, &load.accepted()));
}

#[test]
fn while_a_disk_is_nearly_full_posts_are_refused_and_what_was_accepted_is_delivered() {
    let (disk, sink, load) = (SmallDisk::new(2 * DISK), Sink::start(), Load::default());
    let mut host = on(&disk, &sink, 16 << 20);
    under_load(&mut host, &sink, &load, |host| {
        thread::sleep(Duration::from_millis(300));
        fill_and_free(&disk, host, &load, 12 << 20, "storage.min_free");
        disk.fill(12 << 20);
        refused(&load, "storage.min_free");
        load.finish();
        // With the disk as it is: there is room for outcomes, however few of them a commit has.
        all_delivered(host, &sink, &load.accepted());
    });
}

#[test]
fn a_kill_on_a_full_disk_loses_nothing() {
    let (disk, sink, load) = (SmallDisk::new(DISK), Sink::start(), Load::default());
    let mut host = on(&disk, &sink, 0);
    under_load(&mut host, &sink, &load, |host| {
        thread::sleep(Duration::from_millis(300));
        disk.fill(0);
        refused(&load, FULL);
        load.finish();
        host.kill();
        disk.free();
        host.start();
    });
    all_delivered(&host, &sink, &load.accepted());
}
