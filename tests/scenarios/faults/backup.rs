//! A backup that is taken while the host works, and started elsewhere.

use std::{fs, thread, time::Duration};

use nuncio_tests::{Accepted, Folder, Host, Recipe, Sink, command::succeed};
use serde_json::json;

use super::shared::{all_delivered, notify, settled, under_load};
use crate::{clock::SOON, load::Load};

/// Copies the database of `host`, which goes on working, to the folder of a host to be.
fn back_up(host: &Host) -> Folder {
    let folder = Folder::new("copy");
    fs::create_dir(folder.join("data")).unwrap();
    let mut backup = host.recipe().command(SOON);
    backup.arg("backup").arg(folder.join("data/nuncio.db"));
    eprint!("{}", succeed(backup.arg("--config").arg(host.folder().join("nuncio.toml"))));
    folder
}

#[test]
fn a_backup_of_a_busy_host_has_all_that_was_accepted_before() {
    let (sink, load) = (Sink::start(), Load::default());
    let mut host = Recipe::new().start();
    host.subscribe("q", &sink.url("/hook"), &json!({}));
    let mut before = Accepted::default();
    let mut folders = Vec::new();
    under_load(&mut host, &sink, &load, |host| {
        thread::sleep(Duration::from_millis(500));
        before = load.accepted();
        folders.push(back_up(host));
        let during = load.count() - before.count();
        assert!(during > 0, "nothing was accepted while the backup ran: nothing was shown");
    });
    let account = all_delivered(&host, &sink, &load.accepted());

    let copy = Recipe::new().start_in(folders.remove(0));
    let copied = settled(&copy);
    eprintln!("{} messages before the backup; {account}; the copy: {copied}", before.count());
    copied.closes(&before);
    copied.claims_nothing_else_than_what_arrived(&[&sink]);
    assert_eq!(copied.count("delivered"), copied.total(), "{copied}");
    let ids = [&host, &copy].map(|host| notify(host, &mut before, &sink.url("/after"), None));
    assert_ne!(ids[0], ids[1], "both issued the same id");
}
