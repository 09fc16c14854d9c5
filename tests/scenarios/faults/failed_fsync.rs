//! A disk that fails an fsync: the host stops rather than trust it, and what it acknowledged was on it.

use std::{env, fs, thread, time::Duration};

use nuncio_tests::{FailingDisk, Folder, Recipe, Shadow, Sink};
use serde_json::json;

use super::shared::{all_delivered, under_load};
use crate::{
    clock::{SOON, long},
    load::Load,
};

/// The exit code of a host whose disk failed (`EX_IOERR`).
const DISK_FAILED: i32 = 74;

#[test]
fn a_failed_fsync_ends_the_host_and_every_201_survives_it() {
    for round in 0..if long() { 12 } else { 3 } {
        fail_at(round * 7);
    }
}

/// The `calls`th fsync after the load has begun fails, and all after it.
fn fail_at(calls: u32) {
    let sink = Sink::start();
    let folder = Folder::new("host");
    fs::create_dir(folder.join("data")).unwrap();
    let (disk, shadow) = (FailingDisk::new(), Shadow::of(&folder.join("data")));
    let [(preload, failing), told] = disk.environment();
    let [(_, shadowing), of, to] = shadow.environment();
    let both = env::join_paths([failing, shadowing]).unwrap();
    let mut host = Recipe::new().env(preload, both.to_str().unwrap()).envs([told, of, to]).start_in(folder);
    host.subscribe("q", &sink.url("/hook"), &json!({}));

    let load = Load::default();
    let before = |load: &Load| {
        thread::sleep(Duration::from_millis(500));
        load.count()
    };
    under_load(&mut host, &sink, &load, |host| {
        assert!(before(&load) > 0, "nothing was posted before the disk failed");
        disk.fail_after(calls);
        assert_eq!(host.ended(SOON), Some(DISK_FAILED), "{}", host.log());
    });
    assert!(host.log().contains("the disk failed"), "{}", host.log());

    // What was written but never synced is gone with the disk's memory.
    shadow.recover();
    host.change(Recipe::new());
    host.start();
    let account = all_delivered(&host, &sink, &load.accepted());
    eprintln!("{} messages acknowledged before the disk failed: {account}", load.count());
}
