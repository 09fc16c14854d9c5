//! Rosters of linked drivers and programs, and of libraries that are none.

use std::{sync::Arc, time::Duration};

use nuncio_core::Entry;

use super::{Change, Roster, dismiss, stranger::Stranger};
use crate::{clock::System, config::Problem};

async fn gather(stranger: &Stranger, text: &str) -> Roster {
    stranger.write(text);
    Roster::gather(&stranger.load(), Arc::new(System)).await
}

async fn follow(roster: &Roster, stranger: &Stranger, text: &str) -> Roster {
    stranger.write(text);
    roster.follow(&stranger.load()).await
}

fn told(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

fn driver(roster: &Roster, name: &str) -> Entry {
    roster.dispatcher().by_name(name).unwrap().clone()
}

async fn end(roster: Roster) {
    dismiss(roster.dispatcher().entries().to_vec(), Duration::from_secs(5)).await;
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_its_place_and_the_rest_is_there() {
    let stranger = Stranger::new();
    std::fs::write(stranger.path().join("broken.so"), "no library").unwrap();
    let text = "[[libraries]]\npath = \"broken.so\"\n[[libraries]]\npath = \"absent.so\"\n\
                [[exec]]\nname = \"gone\"\ncommand = [\"/nowhere/gone\"]\n[drivers.acme]\nkey = 1\n";
    let roster = gather(&stranger, text).await;
    assert_eq!(roster.errors(), [], "the section may belong to the broken library");
    let refused: Vec<_> = roster.dispatcher().refused().iter().map(|one| one.name.as_str()).collect();
    assert_eq!(refused, ["broken.so", "absent.so", "gone"]);
    let refusals = told(roster.refusals());
    let lines: Vec<_> = refusals.lines().collect();
    for (line, place) in
        lines.iter().zip(["nuncio.toml:1:1: [[libraries]]", ":3:1: [[libraries]]", ":5:1: [[exec]]"])
    {
        assert!(line.contains(place), "{line}");
    }
    assert!(lines[1].contains("absent.so") && lines[2].contains("/nowhere/gone"), "{refusals}");
    assert!(roster.dispatcher().by_scheme("log").is_some());
}

#[tokio::test]
async fn a_program_that_claims_a_taken_scheme_is_refused_until_it_is_chosen() {
    let stranger = Stranger::new();
    let exec = stranger.exec("scribe", &["log", "scribe"]);
    let roster = gather(&stranger, &exec).await;
    let refusals = told(roster.refusals());
    assert!(refusals.contains("`log` (linked)") && refusals.contains("`scribe` (exec sh "), "{refusals}");
    let chosen = follow(&roster, &stranger, &format!("{exec}[schemes]\nlog = \"scribe\"")).await;
    assert_eq!(driver(&chosen, "scribe").manifest.schemes, ["log", "scribe"]);
    assert!(driver(&chosen, "log").manifest.schemes.is_empty());
    let changes = chosen.changes(&roster);
    assert_eq!(changes, [Change::Schemes("log".into()), Change::Added("scribe".into())]);
    end(chosen).await;
}

#[tokio::test]
async fn a_choice_or_a_section_of_nobody_is_an_error_with_its_place() {
    let stranger = Stranger::new();
    let roster = gather(&stranger, "[schemes]\nlog = \"nobody\"\n[drivers.lgo]\na = 1\n").await;
    let errors = told(roster.errors());
    assert!(
        errors.contains("nuncio.toml:2:7: [schemes] log: `nobody` serves no scheme `log`: it could be log"),
        "{errors}"
    );
    assert!(errors.contains("nuncio.toml:3:10: [drivers.lgo]: no driver of this name"), "{errors}");
    assert!(errors.contains("did you mean `log`?"), "{errors}");
}

#[tokio::test]
async fn a_linked_driver_that_refuses_its_settings_is_an_error() {
    let stranger = Stranger::new();
    let roster = gather(&stranger, "[drivers.log]\nloft = 1\n").await;
    let errors = told(roster.errors());
    assert!(errors.contains("nuncio.toml:2:8: [drivers.log] loft: "), "{errors}");
    assert!(roster.dispatcher().by_name("log").is_none() && roster.refusals().is_empty());
}

#[tokio::test]
async fn only_what_changed_is_made_anew_and_what_is_refused_goes_on() {
    let stranger = Stranger::new();
    let exec = stranger.exec("scribe", &["scribe"]);
    let with = |mood: &str| format!("{exec}[drivers.scribe]\nmood = \"{mood}\"\n");
    let first = gather(&stranger, &with("calm")).await;
    assert_eq!(told(first.refusals()), "");

    let same = follow(&first, &stranger, &with("calm")).await;
    assert_eq!(same.changes(&first), []);
    assert!(Arc::ptr_eq(&driver(&same, "scribe").driver, &driver(&first, "scribe").driver));

    let changed = follow(&same, &stranger, &with("stern")).await;
    assert_eq!(changed.changes(&same), [Change::Replaced("scribe".into())]);
    assert_eq!(same.without(&changed).len(), 1);

    let kept = follow(&changed, &stranger, &with("refuse")).await;
    assert_eq!(kept.changes(&changed), []);
    let why = told(kept.kept());
    assert!(why.contains("[drivers.scribe] mood: no such mood"), "{why}");
    let again = follow(&kept, &stranger, &with("stern")).await;
    assert_eq!((again.changes(&kept), told(again.kept())), (vec![], String::new()));

    let gone = follow(&again, &stranger, "").await;
    assert_eq!(gone.changes(&again), [Change::Retired("scribe".into())]);
    end(first).await;
    end(again).await;
}

#[tokio::test]
async fn another_address_policy_makes_every_driver_anew() {
    let stranger = Stranger::new();
    let first = gather(&stranger, "").await;
    let next = follow(&first, &stranger, "[delivery]\nallow_networks = [\"10.0.0.0/8\"]").await;
    // The host itself reaches for no address.
    assert_eq!(next.changes(&first).len() + 1, next.dispatcher().entries().len());
}
