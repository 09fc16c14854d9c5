//! Manifests that are wrong.

use nuncio_plugin_sdk::{Manifest, Network, Notice, Outcomes, Report, Scope, async_trait, serde_json::json};

use crate::{
    right::Right,
    twist::{Twist, breaks, twist},
};

#[derive(Default)]
struct Unversioned;
impl Twist for Unversioned {
    const NAME: &'static str = "unversioned";
    fn manifest(manifest: &mut Manifest) {
        manifest.version = "one".to_owned();
        manifest.schemes.push("Acme".to_owned());
    }
}
twist!(Unversioned);

#[derive(Default)]
struct Undescribed;
impl Twist for Undescribed {
    const NAME: &'static str = "undescribed";
    fn manifest(manifest: &mut Manifest) {
        manifest.settings["properties"]["prefix"] = json!({"type": ["string", "null"]});
    }
}
twist!(Undescribed);

#[derive(Default)]
struct Unlisted;
impl Twist for Unlisted {
    const NAME: &'static str = "unlisted";
    fn manifest(manifest: &mut Manifest) {
        manifest.secrets = vec!["/tokne".to_owned()];
    }
}
twist!(Unlisted);

#[derive(Default)]
struct Insane;
impl Twist for Insane {
    const NAME: &'static str = "insane";
    fn manifest(manifest: &mut Manifest) {
        manifest.limits.in_flight = 0;
        manifest.limits.formats.push("smell".to_owned());
    }
}
twist!(Insane);

/// Takes less than it says.
#[derive(Default)]
struct Boastful;
#[async_trait]
impl Twist for Boastful {
    const NAME: &'static str = "boastful";
    async fn deliver(&self, right: &Right, notice: &Notice<'_>) -> Outcomes {
        if notice.content.text.len() > 1000 {
            return Report::rejected(Scope::Message, "too long").into();
        }
        right.deliver(notice).await
    }
}
twist!(Boastful);

/// Says that it dials nobody whom a subscriber names.
#[derive(Default)]
struct Secretive;
impl Twist for Secretive {
    const NAME: &'static str = "secretive";
    fn manifest(manifest: &mut Manifest) {
        manifest.network = Network::Own;
    }
}
twist!(Secretive);

#[test]
fn names_schemes_and_versions_are_looked_at() {
    breaks::<Unversioned>("manifest-names", &["the version is `one`", "a scheme is `Acme`"]);
}

#[test]
fn each_setting_is_described() {
    breaks::<Undescribed>("manifest-schemas", &["`prefix` of the settings has no description"]);
}

#[test]
fn secrets_are_listed_where_they_are() {
    breaks::<Unlisted>(
        "manifest-secrets",
        &["`/tokne` is no property", "`/token` of the settings is `writeOnly`"],
    );
}

#[test]
fn limits_are_sane() {
    breaks::<Insane>("limits-sane", &["`in_flight` is 0", "the format `smell` is not known"]);
}

#[test]
fn limits_are_true() {
    breaks::<Boastful>("limits-true", &["65536 bytes: Rejected/Message (too long)"]);
}

#[test]
fn whoever_dials_what_a_uri_names_says_so() {
    breaks::<Secretive>("guard-declared", &["says \"own\"", "Network::Guarded"]);
}
