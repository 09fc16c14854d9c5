//! What files and variables give, and how everything wrong is told.

use std::{collections::BTreeMap, path::Path, time::Duration};

use proptest::prelude::*;
use serde_json::json;

use super::{Config, Confirm, Format, reference};

fn load(text: &str, env: &[(&str, &str)]) -> Result<Config, String> {
    let env: BTreeMap<_, _> = env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Config::parse(Some((Path::new("n.toml"), text)), env).map_err(|error| error.to_string())
}

fn refused(text: &str) -> String {
    load(text, &[]).unwrap_err()
}

#[test]
fn the_defaults_are_those_of_the_table() {
    let config = Config::default();
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8888");
    assert_eq!(config.storage.path(), Path::new("nuncio-data/nuncio.db"));
    assert_eq!(config.delivery.hot_bytes, 64 << 20);
    assert_eq!(config.delivery.probe_max, Duration::from_secs(600));
    assert_eq!(config.notification.subscriber_types, None);
    assert_eq!(config.queues.max_messages_post_size, 262_144);
}

#[test]
fn a_file_and_variables_are_read_and_variables_win() {
    let text = "[delivery]\nmax_in_flight = 70\ndeadline = \"5s\"\n[log]\nformat = \"json\"";
    let env = [
        ("NUNCIO_DELIVERY__MAX_IN_FLIGHT", "80"),
        ("NUNCIO_DELIVERY__ALLOW_NETWORKS", "10.0.0.0/8, ::1/128"),
    ];
    let config = load(text, &env).unwrap();
    assert_eq!(config.delivery.max_in_flight, 80);
    assert_eq!(config.delivery.deadline, Duration::from_secs(5));
    assert_eq!(config.delivery.allow_networks, ["10.0.0.0/8", "::1/128"]);
    assert_eq!(config.log.format, Format::Json);
}

#[test]
fn a_mistyped_key_is_named_with_its_place_and_the_right_one() {
    let error = refused("[delivery]\n  max_in_fligth = 5\n");
    assert_eq!(error, "n.toml:2:3: [delivery] max_in_fligth: unknown key; did you mean `max_in_flight`?");
    assert!(refused("max_in_flight = 5").contains("did you mean `delivery.max_in_flight`?"));
    assert!(refused("[delivry]\na = 1").contains("did you mean `delivery`?"));
    let error = load("", &[("NUNCIO_DELIVERY__MAX_IN_FLIGTH", "5")]).unwrap_err();
    assert!(
        error.starts_with("NUNCIO_DELIVERY__MAX_IN_FLIGTH: ") && error.contains("`max_in_flight`"),
        "{error}"
    );
}

#[test]
fn every_error_is_told_at_once_in_the_order_of_the_file() {
    let error = refused(
        "[delivery]\nmax_in_flight = 0\ndeadline = 30\nretries = 1\n[http]\nlisten = \"x\"\n[log]\nlevel = 3",
    );
    let lines: Vec<_> =
        error.lines().map(|line| line.split(": ").take(2).collect::<Vec<_>>().join(": ")).collect();
    let places = [
        "n.toml:2:17: [delivery] max_in_flight",
        "n.toml:3:12: [delivery] deadline",
        "n.toml:4:1: [delivery] retries",
        "n.toml:6:10: [http] listen",
        "n.toml:8:9: [log] level",
    ];
    assert_eq!(lines, places);
}

#[test]
fn a_mistyped_level_does_not_switch_the_logs_off() {
    for level in ["loud", "warn,nuncio_host", "inof,nuncio_host=debug"] {
        let error = refused(&format!("[log]\nlevel = \"{level}\""));
        assert!(error.contains("is not a level; write error, warn, info"), "{error}");
    }
    for level in ["info", "off", "warn,nuncio_host::delivery=debug", "WARN,hyper=trace"] {
        assert!(load(&format!("[log]\nlevel = \"{level}\""), &[]).is_ok(), "{level}");
    }
}

#[test]
fn what_a_later_version_has_is_not_in_this_version() {
    for text in ["[[sources]]\nname = \"x\"", "[storage]\nurl = \"postgres://db/nuncio\""] {
        let error = refused(text);
        assert!(error.contains("not in this version"), "{text}: {error}");
        assert!(error.starts_with("n.toml:"), "{text}: {error}");
    }
}

#[test]
fn a_variable_is_text_where_the_schema_wants_text() {
    let env = [
        ("NUNCIO_DRIVERS__ACME__PASSWORD", "0012"),
        ("NUNCIO_DRIVERS__ACME__PIN", "4711"),
        ("NUNCIO_DRIVERS__ACME__PORT", "25"),
    ];
    let mut config = load("", &env).unwrap();
    assert_eq!(config.drivers["acme"], json!({"password": "0012", "pin": 4711, "port": 25}));
    let schema = json!({"properties": {"pin": {"type": ["string", "null"]}, "port": {"type": "integer"}}});
    config.settings.fit("acme", config.drivers.get_mut("acme").unwrap(), &schema);
    assert_eq!(config.drivers["acme"], json!({"password": "0012", "pin": "4711", "port": 25}));
    assert!(!format!("{:?}", config.settings).contains("4711"));
}

#[test]
fn a_variable_of_a_section_that_stands_in_the_file_alone_says_so() {
    for (name, written) in [
        ("NUNCIO_TENANTS__SHOP__QUEUES", "[tenants.NAME]"),
        ("NUNCIO_TENANTS__SHOP", "[tenants.NAME]"),
        ("NUNCIO_LIBRARIES__PATH", "[[libraries]]"),
        ("NUNCIO_EXEC__0__NAME", "[[exec]]"),
    ] {
        let error = load("[tenants.shop]\nqueues = 9\n", &[(name, "5")]).unwrap_err();
        assert!(error.contains(name) && error.contains(&format!("write {written} in the")), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn an_address_that_others_reach_is_refused_without_authentication() {
    for address in ["0.0.0.0:8888", "192.0.2.1:80", "[::]:8888"] {
        let error = refused(&format!("[http]\nlisten = \"{address}\""));
        assert!(error.contains("authentication") && error.contains("127.0.0.1"), "{error}");
    }
    assert!(load("[http]\nlisten = \"[::1]:0\"", &[]).is_ok());
}

#[test]
fn with_authentication_an_address_that_others_reach_needs_tls_or_a_proxy() {
    let text =
        |rest: &str| format!("[auth]\nstrategy = \"token\"\n[http]\nlisten = \"0.0.0.0:8888\"\n{rest}");
    let error = refused(&text(""));
    assert!(error.starts_with("n.toml:4:10: [http] listen") && error.contains("http.plain"), "{error}");
    assert!(load(&text("plain = \"allow\""), &[]).is_ok());
    let config = load(&text("tls = { cert = \"c.pem\", key = \"/k.pem\" }"), &[]).unwrap();
    let tls = config.http.tls.unwrap();
    assert_eq!((tls.cert.as_str(), tls.key.as_str()), ("c.pem", "/k.pem"));
    for (wrong, told) in [
        ("tls = { cert = \"c.pem\" }", "no `key`"),
        ("tls = { cert = \"c\", key = \"k\", ca = \"x\" }", "unknown key `ca`"),
        ("tls = \"c.pem\"", "write { cert"),
    ] {
        assert!(refused(&text(wrong)).contains(told), "{}", refused(&text(wrong)));
    }
}

#[test]
fn keystone_needs_to_know_where_and_who() {
    let error = refused("[auth]\nstrategy = \"keystone\"");
    assert!(["url", "username", "password"].iter().all(|key| error.contains(key)), "{error}");
    let text = "[auth]\nstrategy = \"keystone\"\n[keystone]\nurl = \"http://k:5000/\"\nusername = \"n\"\n\
                password = { env = \"PW\" }";
    let config = load(text, &[("PW", "secret")]).unwrap();
    assert_eq!(config.keystone.base(), "http://k:5000/v3");
    assert!(!format!("{config:?} {:?}", config.keystone).contains("secret"));
    let error = refused("[keystone]\nurl = \"https://user:hush@k/\"");
    assert!(error.contains("more than scheme") && !error.contains("hush"), "{error}");
}

#[test]
fn limits_that_contradict_each_other_are_refused() {
    let error = refused("[delivery]\nfirst_slots = 65");
    assert!(error.starts_with("n.toml:2:15: [delivery] first_slots: above delivery.max_slots"), "{error}");
    let error = refused("[delivery]\nmax_deadline = \"1s\"");
    assert!(error.starts_with("n.toml:2:16: [delivery] deadline: above delivery.max_deadline"), "{error}");
}

#[test]
fn a_bad_retry_policy_is_pointed_at() {
    let error = refused("[delivery]\nretry = { schedule = [\"1s\", \"soon\"] }");
    assert!(error.starts_with("n.toml:2:29: [delivery] retry: /schedule/1: `soon`"), "{error}");
}

#[test]
fn secrets_are_resolved_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "from-file\n").unwrap();
    let text = format!(
        "[drivers.log]\na = {{ env = \"A_SECRET\" }}\nb = {{ file = {file:?} }}\nc = \"inline\"\nd = [{{ env = \"A_SECRET\" }}, 5]"
    );
    let config = load(&text, &[("A_SECRET", "from-env"), ("NUNCIO_DRIVERS__LOG__E", "12")]).unwrap();
    let expected = json!({"a": "from-env", "b": "from-file", "c": "inline", "d": ["from-env", 5], "e": 12});
    assert_eq!(config.drivers["log"], expected);
    assert!(!format!("{config:?}").contains("from-"));
    let referenced = |pointer: &str| config.settings.exactly("log", pointer).next().unwrap().1.referenced;
    assert!(
        referenced("/a") && referenced("/b") && !referenced("/c") && referenced("/d/0") && referenced("/e")
    );
    assert_eq!(config.settings.at("log", "/d/9/z").unwrap().place.to_string(), "n.toml:5:5");
}

#[test]
fn a_secret_that_is_missing_is_named_with_its_place() {
    let error =
        refused("[drivers.mailto]\npassword = { env = \"NOT_SET\" }\nother = { file = \"/nowhere/at/all\" }");
    let lines: Vec<_> = error.lines().collect();
    assert!(
        lines[0].starts_with("n.toml:2:12: [drivers.mailto] password: the variable NOT_SET is not set; set")
    );
    assert!(
        lines[1].starts_with("n.toml:3:9: [drivers.mailto] other: cannot read /nowhere/at/all"),
        "{error}"
    );
}

#[test]
fn templates_are_inline_or_in_files_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("welcome.html"), "<p>{{ name }}</p>").unwrap();
    let file = folder.path().join("nuncio.toml");
    std::fs::write(&file, "[templates.welcome]\nsubject = \"Hi\"\nhtml = { file = \"welcome.html\" }")
        .unwrap();
    let config = Config::load(Some(&file), std::iter::empty()).unwrap();
    assert_eq!(config.templates["welcome"].html.as_deref(), Some("<p>{{ name }}</p>"));
    assert_eq!(config.templates["welcome"].subject.as_deref(), Some("Hi"));
    assert!(refused("[templates.a]\nsubjet = \"x\"").contains("did you mean `subject`?"));
    assert!(refused("[templates.a]\ntext = { file = \"gone.txt\" }").contains("cannot read gone.txt"));
    assert!(refused("[templates]\na = \"x\"").contains("write a section"));
}

#[test]
fn a_file_that_cannot_be_read_is_said() {
    let error = Config::load(Some(Path::new("/nowhere/n.toml")), std::iter::empty()).unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/n.toml: cannot read"), "{error}");
}

#[test]
fn the_reference_in_the_documentation_is_true() {
    let doc = include_str!("../../../docs/configuration.md").replace("\r\n", "\n");
    assert!(doc.contains(&reference()), "put the output of `nuncio check --keys` into docs/configuration.md");
}

#[test]
fn the_complete_example_in_the_documentation_is_valid() {
    let doc = include_str!("../../../docs/configuration.md");
    let example = doc.split("```toml\n").last().and_then(|rest| rest.split("```").next()).unwrap();
    let without_files: String =
        example.lines().filter(|line| !line.contains("{ file =")).map(|line| format!("{line}\n")).collect();
    load(&without_files, &[("SMTP_PASSWORD", "x")]).unwrap();
    for key in super::keys() {
        let line = format!("{} = {}", key.short(), key.example);
        let secrets = [
            ("NUNCIO_SIGNING_KEY", "a secret of sixteen"),
            ("NUNCIO_ENCRYPTION_KEY", &"0a".repeat(32)),
            ("KEYSTONE_PASSWORD", "x"),
        ];
        load(&format!("[{}]\n{line}", key.section()), &secrets)
            .unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

/// Loaded, or refused with a place in every line.
fn told(result: Result<Config, String>) -> bool {
    let placed = |line: &str| line.starts_with("n.toml:") || line.starts_with("NUNCIO_");
    result.map_or_else(|error| error.lines().all(placed), |_| true)
}

proptest! {
    #[test]
    fn any_text_loads_or_is_refused(text in "\\PC*") {
        prop_assert!(told(load(&text, &[])));
    }

    #[test]
    fn any_lines_of_toml_load_or_are_refused(
        lines in proptest::collection::vec(
            (
                proptest::sample::select(vec!["[http]", "[delivery]", "[drivers.log]", "[templates.t]", "[auth]", "[[exec]]", "[[libraries]]", "[schemes]", "[rates]", ""]),
                "[a-z_]{1,12}",
                proptest::sample::select(vec!["1", "-1", "\"30s\"", "[]", "{}", "{ env = \"X\" }", "1.5", "true", "1979-05-27", "inf", "\"é\""]),
            ), 0..8),
        variable in "[A-Z_]{0,20}", value in "\\PC{0,20}",
    ) {
        let text: String = lines.iter().map(|(section, key, value)| format!("{section}\n{key} = {value}\n")).collect();
        prop_assert!(told(load(&text, &[(&["NUNCIO_", &variable].concat(), &value)])));
    }

    #[test]
    fn any_value_of_a_known_key_is_taken_or_refused(which in 0..super::keys().len(), value in "\\PC{0,24}") {
        let key = &super::keys()[which];
        prop_assert!(told(load("", &[(&key.variable(), &value)])));
    }
}

#[test]
fn a_key_that_is_secret_is_resolved_and_neither_shown_nor_kept() {
    let text = "[signed_url]\nsecret_key = { env = \"KEY\" }";
    let config = load(text, &[("KEY", "from-the-environment\n")]).unwrap();
    assert_eq!(config.signed_url.secret_key.as_ref().unwrap().expose(), "from-the-environment");
    assert!(config.warnings.is_empty());
    assert!(!format!("{config:?}{}", config.values).contains("from-the-environment"));
    let inline = load("[signed_url]\nsecret_key = \"stands-in-the-file\"", &[]).unwrap();
    assert!(inline.warnings[0].to_string().contains("n.toml:2:14: [signed_url] secret_key: a secret stands"));
    assert_ne!(inline.values["signed_url"], config.values["signed_url"]);
    let short = refused("[signed_url]\nsecret_key = \"hunter2\"");
    assert!(short.contains("too short") && !short.contains("hunter2"), "{short}");
    assert!(refused(text).contains("the variable KEY is not set"));
}

#[test]
fn who_must_confirm_is_a_word_or_zaqars_boolean() {
    for (value, asks) in [("true", Confirm::All), ("false", Confirm::None), ("\"mail\"", Confirm::Mail)] {
        let config = load(&format!("[notification]\nrequire_confirmation = {value}"), &[]).unwrap();
        assert_eq!(config.notification.require_confirmation, asks, "{value}");
        let variable = [("NUNCIO_NOTIFICATION__REQUIRE_CONFIRMATION", value.trim_matches('"'))];
        assert_eq!(load("", &variable).unwrap().notification.require_confirmation, asks, "{value}");
    }
    assert!(refused("[notification]\nrequire_confirmation = 1").contains("\"none\", \"mail\", \"all\""));
    for bad in ["ftp://h", "https://h/?a=b", "https://ann:pw@h", "nuncio.example.org"] {
        refused(&format!("[http]\npublic_url = \"{bad}\""));
    }
}
