//! The kit on a driver that is right, and what it says where it cannot look.

use nuncio_plugin_sdk::{
    Outcome, Scope,
    testing::{Kit, Packaging},
};

use crate::twist::{Twist, kit, names, told, twist};

#[derive(Default)]
struct Straight;
impl Twist for Straight {
    const NAME: &'static str = "straight";
}
twist!(Straight);

#[test]
fn a_right_driver_breaks_nothing_and_what_does_not_apply_is_said() {
    let findings = kit("straight").examine(Packaging::Linked);
    assert!(names(&findings).is_empty(), "{findings}");
    let skipped: Vec<_> = findings.skipped().map(|(rule, _)| rule.name).collect();
    let devices = ["device-kept", "device-refused", "device-asked", "device-gone", "device-unknown"];
    assert_eq!(skipped, [&["manifest-same", "golden"][..], &devices].concat(), "{findings}");
    assert!(findings.to_string().contains(".golden(\"tests/golden\")"), "{findings}");
}

#[test]
fn a_driver_that_is_not_linked_is_missed() {
    told(&kit("nobody"), "there", &["no driver `nobody` is linked", "straight", "use my_driver as _;"]);
    told(&Kit::of("straight"), "there", &["told no URI"]);
}

#[test]
fn an_expectation_of_the_author_replaces_the_table() {
    let kit = kit("straight").expect(401, Outcome::Deferred, Scope::Account);
    told(
        &kit,
        "http-answers",
        &["an answer of 401: Rejected/Recipient (401 Unauthorized) instead of Deferred/Account"],
    );
}

#[test]
fn a_rule_is_left_out_with_its_reason_alone() {
    let kit = kit("straight").without("render", "there is nothing to show").without("rendre", "misspelt");
    told(&kit, "there", &["`.without(\"rendre\", ..)` names no rule", "there is nothing to show"]);
}

#[test]
fn a_crate_that_does_not_build_as_a_library_is_told_with_the_compilers_words() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    write("Cargo.toml", "[package]\nname = \"nuncio-kit-broken\"\nversion = \"1.0.0\"\n[workspace]\n");
    write("src/lib.rs", "fn broken() { nonsense }");
    let findings = kit("straight").package(folder.path()).examine(Packaging::Loaded);
    assert_eq!(names(&findings), ["loads"]);
    let text = findings.to_string();
    assert!(text.contains("rustc --lib --crate-type cdylib") && text.contains("nonsense"), "{text}");
}

#[test]
fn golden_files_are_compared_and_missed() {
    let folder = tempfile::tempdir().unwrap();
    let golden = |name: &str| kit(name).golden(folder.path());
    told(&golden("straight"), "golden", &["alarm.txt", "`UPDATE=1 cargo test` writes it"]);
    for name in ["alarm", "queued", "empty"] {
        let text = format!("POST http://127.0.0.1:2525/\nx-token: {name}\n");
        std::fs::write(folder.path().join(format!("{name}.txt")), text).unwrap();
    }
    told(&golden("straight"), "golden", &["line 2: `x-token: ***` instead of `x-token: alarm`"]);
}
