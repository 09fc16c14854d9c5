//! `nuncio check --database`: on a sound database, beside a host that is at work on it, and on a damaged one.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Output,
};

use nuncio_tests::{Host, Recipe, Sink, command::run, until};
use serde_json::{Value, json};

use super::shared::{all_delivered, under_load};
use crate::{clock::SOON, load::Load};

/// Has the database of `host` checked; the exit code, and all that was printed.
fn check(host: &Host, more: &[&str]) -> (Option<i32>, String) {
    let mut check = host.recipe().command(SOON);
    check.args(["check", "--database", "--config"]).arg(host.folder().join("nuncio.toml"));
    let Output { status, stdout, stderr } = run(check.args(more));
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

fn database(host: &Host) -> PathBuf {
    host.data().join("nuncio.db")
}

#[test]
fn a_database_is_sound_while_a_host_works_on_it_and_after_its_end() {
    let (sink, load) = (Sink::start(), Load::default());
    let mut host = Recipe::new().start();
    host.subscribe("q", &sink.url("/hook"), &json!({}));
    let sound = |host: &Host| {
        let said = format!("{} is sound\n", database(host).display());
        assert_eq!(check(host, &[]), (Some(0), said));
    };
    under_load(&mut host, &sink, &load, |host| {
        until("some posts", SOON, || (load.count() > 200).then_some(()));
        for _ in 0..3 {
            let before = load.count();
            sound(host);
            until("posts to go on", SOON, || (load.count() > before).then_some(()));
        }
    });
    host.kill();
    sound(&host);
    host.start();
    all_delivered(&host, &sink, &load.accepted());
    host.stop();
    let (code, said) = check(&host, &["--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, said), (Some(0), json!({"sound": true, "database": database(&host)})));
}

/// Overwrites pages in the middle of the file.
fn damage(path: &Path) {
    let file = File::options().write(true).open(path).unwrap();
    let middle = file.metadata().unwrap().len() / 2 / 4096 * 4096;
    file.write_all_at(&[0xa5; 4 * 4096], middle).unwrap();
}

#[test]
fn a_damaged_database_is_told_of_and_nothing_starts_on_it_after_a_crash() {
    let mut host = Recipe::new().start();
    for from in (0..2000).step_by(50) {
        host.post("q", &(from..from + 50).map(|n| json!(n)).collect::<Vec<_>>());
    }
    host.stop();
    damage(&database(&host));
    let damaged = fs::read(database(&host)).unwrap();
    let (code, said) = check(&host, &[]);
    assert_eq!(code, Some(65), "EX_DATAERR: {said}");
    let place = format!("{} is damaged; restore a backup", database(&host).display());
    assert!(said.contains(&place) && said.contains("docs/operations.md"), "{said}");
    let (code, said) = check(&host, &["--json"]);
    assert_eq!(code, Some(65), "{said}");
    let faults: Value = serde_json::from_str(&said).unwrap();
    assert!(faults.to_string().contains("\"faults\":[\""), "what was found is listed: {faults}");
    assert!(fs::read(database(&host)).unwrap() == damaged, "checking changes nothing");
    refuses_to_start(&mut host);
}

/// After an end that was not clean the whole file is looked at before anything is done.
fn refuses_to_start(host: &mut Host) {
    host.start();
    host.request("PUT", "/v2/queues/another", &Value::Null).expect(201);
    host.kill();
    let files = [database(host), host.data().join("nuncio.db-wal")];
    let read = || files.each_ref().map(|file| fs::read(file).unwrap());
    let left = read();
    host.spawn();
    assert_eq!(host.ended(SOON), Some(65), "{}", host.log());
    let (log, place) = (host.log(), database(host).display().to_string());
    assert!(log.contains(&place) && log.contains("damaged") && log.contains("restore"), "{log}");
    assert!(read() == left, "the file is left as it is, with its log");
}
