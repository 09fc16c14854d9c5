//! The driver against a relay that answers in every way.

use std::sync::Arc;

use nuncio_plugin_sdk::{Clock, Content, Meta, Outcome, core::net::Policy, serde_json};
use proptest::prelude::*;

use super::*;
use crate::fake::{Answer, Fake, Script, authority};

struct Fixed;

impl Clock for Fixed {
    fn now_ms(&self) -> i64 {
        0
    }
}

fn settings(value: Value) -> Settings {
    serde_json::from_value(value).unwrap()
}

fn driver(value: Value) -> Mailto {
    let context = Context::new(Arc::new(Fixed), Arc::new(Policy::default()), Duration::from_secs(1));
    Mailto::new(settings(value), &context).unwrap()
}

fn plain(fake: &Fake) -> Mailto {
    driver(json!({
        "relay": format!("smtp://127.0.0.1:{}", fake.port()), "tls": "none", "from": "Nuncio <nuncio@example.org>",
    }))
}

/// What a delivery to `uri` with `options` comes to, within `ms`; the recipients are those that `check` finds.
async fn deliver(driver: &Mailto, uri: &str, options: Value, ms: i64) -> Vec<Report> {
    let uri = SubscriberUri::parse(uri).unwrap();
    let options: Options = serde_json::from_value(options).unwrap();
    let addresses = driver.check(&uri, &options).await.unwrap().addresses;
    let recipients: Vec<_> =
        addresses.iter().zip(0..).map(|(address, index)| Recipient::new(index, address)).collect();
    let (content, meta) = (Content::text("Disk full.\n.\nStill full.").with_subject("Alarm"), Meta::EMPTY);
    let mut notice = Notice::new("d1", &uri, &recipients, &options);
    notice.now_ms = 1000;
    notice.created_ms = 784_887_151_000;
    notice.deadline_ms = 1000 + ms;
    notice.content_type = "text/plain";
    notice.content = content;
    notice.meta = meta;
    let outcomes = driver.deliver(&notice).await;
    recipients.iter().map(|one| outcomes.of(one.index)).collect()
}

const THREE: &str = "mailto:a@x.example,b@x.example,c@x.example";

fn words(reports: &[Report]) -> Vec<(Outcome, Scope, u32, bool)> {
    reports.iter().map(|report| (report.outcome, report.scope, report.code, report.maybe_sent)).collect()
}

#[tokio::test]
async fn each_recipient_has_its_own_result() {
    let script = Script::default()
        .on("RCPT TO:<b@", Answer::Say("451 4.2.0 later"))
        .on("RCPT TO:<c@", Answer::Say("550 5.1.1 unknown user"));
    let fake = script.start().await;
    let reports = deliver(&plain(&fake), THREE, json!({}), 5000).await;
    assert_eq!(
        words(&reports),
        [
            (Outcome::Delivered, Scope::Recipient, 250, false),
            (Outcome::Deferred, Scope::Recipient, 451, false),
            (Outcome::Rejected, Scope::Recipient, 550, false),
        ]
    );
    assert!(
        reports[0].excerpt.contains("queued as FAKE1") && reports[2].reason.contains("5.1.1 unknown user")
    );
    let messages = fake.messages();
    assert!(messages[0].ends_with("Disk full.\r\n.\r\nStill full.\r\n"), "{}", messages[0]);
    assert!(messages[0].contains("Message-ID: <d1@example.org>\r\n"));
}

#[tokio::test]
async fn when_no_recipient_is_accepted_nothing_is_sent_and_the_connection_is_kept() {
    let fake = Script::default().on("RCPT TO:<a@", Answer::Say("550 5.1.1 unknown user")).start().await;
    let driver = plain(&fake);
    let reports = deliver(&driver, "mailto:a@x.example", json!({}), 5000).await;
    assert_eq!(words(&reports), [(Outcome::Rejected, Scope::Recipient, 550, false)]);
    let reports = deliver(&driver, "mailto:b@x.example", json!({}), 5000).await;
    assert_eq!(reports[0].outcome, Outcome::Delivered);
    let commands = fake.commands();
    let verbs: Vec<_> = commands.iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(verbs, ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA"]);
    assert_eq!((fake.connections(), fake.messages().len()), (1, 1));
}

#[tokio::test]
async fn a_connection_that_died_idle_is_replaced() {
    for answer in [Answer::Close, Answer::Say("421 4.4.2 timeout")] {
        let fake = Script::default().on_connection(1, "MAIL FROM:<second@", answer).start().await;
        let driver = plain(&fake);
        let first = deliver(&driver, "mailto:a@x.example", json!({}), 5000).await;
        let second =
            deliver(&driver, "mailto:a@x.example", json!({"from": "second@example.org"}), 5000).await;
        assert_eq!((first[0].outcome, second[0].outcome), (Outcome::Delivered, Outcome::Delivered));
        assert_eq!((fake.connections(), fake.messages().len()), (2, 2));
    }
}

#[tokio::test]
async fn what_is_known_stays_known_when_the_connection_breaks() {
    for (place, answer, code, maybe_sent) in [
        ("RCPT TO:<b@", Answer::Say("421 4.3.2 going down"), 421, false),
        ("RCPT TO:<b@", Answer::Close, 0, false),
        ("DATA", Answer::Close, 0, false),
        (".", Answer::Close, 0, true),
        (".", Answer::Hang, 0, true),
    ] {
        let script =
            Script::default().on("RCPT TO:<a@", Answer::Say("550 5.1.1 unknown user")).on(place, answer);
        let fake = script.start().await;
        let reports = deliver(&plain(&fake), THREE, json!({}), 400).await;
        let open = (Outcome::Deferred, Scope::Destination, code, maybe_sent);
        assert_eq!(
            words(&reports),
            [(Outcome::Rejected, Scope::Recipient, 550, false), open, open],
            "{place}"
        );
    }
}

#[tokio::test]
async fn the_answer_to_the_message_is_for_those_who_were_accepted() {
    let script = Script::default()
        .on("RCPT TO:<a@", Answer::Say("450 4.2.0 greylisted"))
        .on(".", Answer::Say("552 5.3.4 message too big"));
    let fake = script.start().await;
    let reports = deliver(&plain(&fake), THREE, json!({}), 5000).await;
    let big = (Outcome::Rejected, Scope::Message, 552, false);
    assert_eq!(words(&reports), [(Outcome::Deferred, Scope::Recipient, 450, false), big, big]);
}

#[tokio::test]
async fn a_relay_that_is_not_there_or_not_ready_defers() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let absent = driver(json!({"relay": format!("smtp://127.0.0.1:{port}"), "tls": "none"}));
    let reports = deliver(&absent, "mailto:a@x.example", json!({}), 5000).await;
    assert_eq!(words(&reports), [(Outcome::Deferred, Scope::Destination, 0, false)]);
    for (answer, code) in
        [(Answer::Say("554 5.3.2 no service"), 554), (Answer::Hang, 0), (Answer::Say("hello"), 0)]
    {
        let fake = Script::default().on("greeting", answer).start().await;
        let reports = deliver(&plain(&fake), "mailto:a@x.example", json!({}), 300).await;
        assert_eq!(words(&reports), [(Outcome::Deferred, Scope::Destination, code, false)]);
    }
}

#[tokio::test]
async fn a_refused_sender_is_the_operators_matter_if_the_operator_chose_it() {
    let fake = Script::default().on("MAIL", Answer::Say("553 5.7.1 not your address")).start().await;
    let driver = plain(&fake);
    let reports = deliver(&driver, "mailto:a@x.example", json!({}), 5000).await;
    assert_eq!(words(&reports), [(Outcome::Deferred, Scope::Account, 553, false)]);
    let reports = deliver(&driver, "mailto:a@x.example", json!({"from": "eve@other.example"}), 5000).await;
    assert_eq!(words(&reports), [(Outcome::Rejected, Scope::Message, 553, false)]);
    assert_eq!(fake.connections(), 1);
}

fn with_account(fake: &Fake) -> Mailto {
    driver(json!({
        "relay": format!("smtp://127.0.0.1:{}", fake.port()), "tls": "none", "from": "nuncio@example.org",
        "username": "ann", "password": "hunter2",
    }))
}

#[tokio::test]
async fn the_account_is_used_and_its_refusal_is_the_accounts() {
    let fake = Script::default().offer("AUTH LOGIN PLAIN").start().await;
    let reports = deliver(&with_account(&fake), "mailto:a@x.example", json!({}), 5000).await;
    assert_eq!(reports[0].outcome, Outcome::Delivered);
    // RFC 4616: NUL, `ann`, NUL, `hunter2`.
    assert_eq!(fake.commands()[1], "AUTH PLAIN AGFubgBodW50ZXIy");
    let fake = Script::default().offer("AUTH PLAIN").on("AUTH", Answer::Say("535 5.7.8 wrong")).start().await;
    let driver = with_account(&fake);
    let reports = deliver(&driver, "mailto:a@x.example", json!({}), 5000).await;
    assert_eq!(words(&reports), [(Outcome::Deferred, Scope::Account, 535, false)]);
    assert!(!format!("{driver:?} {reports:?}").contains("hunter2"));
    let fake = Script::default().start().await;
    let reports = deliver(&with_account(&fake), "mailto:a@x.example", json!({}), 5000).await;
    assert_eq!(words(&reports), [(Outcome::Deferred, Scope::Account, 0, false)]);
}

/// A driver that trusts the authority `ca` (PEM) and reaches `fake` by `scheme`.
fn protected(fake: &Fake, scheme: &str, ca: &str) -> Mailto {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ca).unwrap();
    driver(json!({
        "relay": format!("{scheme}://127.0.0.1:{}", fake.port()), "from": "nuncio@example.org", "ca_file": file.path(),
    }))
}

#[tokio::test]
async fn mail_goes_through_tls_from_the_start_or_after_starttls() {
    let (ca, config) = authority("127.0.0.1");
    for (scheme, implicit) in [("smtp", false), ("smtps", true)] {
        let fake = Script::default().with_tls(Arc::clone(&config), implicit).start().await;
        let reports = deliver(&protected(&fake, scheme, &ca), "mailto:a@x.example", json!({}), 5000).await;
        assert_eq!(reports[0].outcome, Outcome::Delivered, "{reports:?}");
        assert_eq!(fake.messages().len(), 1);
    }
}

#[tokio::test]
async fn without_verified_tls_there_is_no_mail() {
    let (ca, config) = authority("127.0.0.1");
    let (other, _) = authority("127.0.0.1");
    let (wrong_host_ca, wrong_host) = authority("mail.example.org");
    let injected = Answer::Say("220 go ahead\r\n250 injected");
    for (script, trust) in [
        (Script::default(), &ca),
        (Script::default().with_tls(Arc::clone(&config), false), &other),
        (Script::default().with_tls(wrong_host, false), &wrong_host_ca),
        (Script::default().with_tls(config, false).on("STARTTLS", injected), &ca),
    ] {
        let fake = script.start().await;
        let reports = deliver(&protected(&fake, "smtp", trust), "mailto:a@x.example", json!({}), 5000).await;
        assert_eq!(words(&reports), [(Outcome::Deferred, Scope::Destination, 0, false)]);
        assert!(!fake.commands().iter().any(|line| line.starts_with("MAIL")));
    }
}

const UNICODE: &str = "mailto:j%C3%BCrgen@x.example,a@x.example";

#[tokio::test]
async fn an_address_that_needs_smtputf8_is_refused_without_it_and_alone() {
    let fake = Script::default().start().await;
    let reports = deliver(&plain(&fake), UNICODE, json!({}), 5000).await;
    assert_eq!(reports[0].outcome, Outcome::Rejected);
    assert!(reports[0].reason.contains("5.6.7"));
    assert_eq!(reports[1].outcome, Outcome::Delivered);
    assert!(fake.messages()[0].is_ascii() && !fake.commands().iter().any(|line| line.contains("SMTPUTF8")));
}

#[tokio::test]
async fn an_address_that_needs_smtputf8_goes_where_it_is_offered() {
    let fake = Script::default().offer("8BITMIME").offer("SMTPUTF8").start().await;
    let reports = deliver(&plain(&fake), UNICODE, json!({}), 5000).await;
    assert!(reports.iter().all(|report| report.outcome == Outcome::Delivered));
    assert_eq!(fake.commands()[1], "MAIL FROM:<nuncio@example.org> SMTPUTF8 BODY=8BITMIME");
    assert!(fake.messages()[0].contains("To: jürgen@x.example, a@x.example\r\n"), "{}", fake.messages()[0]);
}

#[tokio::test]
async fn without_a_relay_mail_waits() {
    let driver = driver(json!({}));
    assert!(driver.disabled().unwrap().contains("set [drivers.mailto] relay or sendmail"));
    let reports = deliver(&driver, "mailto:a@x.example", json!({}), 5000).await;
    assert_eq!(words(&reports), [(Outcome::Deferred, Scope::Account, 0, false)]);
}

#[tokio::test]
async fn a_retry_goes_to_the_open_recipients_and_shows_all() {
    let fake = Script::default().start().await;
    let driver = plain(&fake);
    let uri = SubscriberUri::parse("mailto:a@x.example?cc=b@x.example&bcc=c@x.example").unwrap();
    let (content, meta, options) = (Content::text("x"), Meta::default(), Options::default());
    let recipients = [Recipient::new(2, "c@x.example")];
    let mut notice = Notice::new("d1", &uri, &recipients, &options);
    notice.attempt = 2;
    notice.deadline_ms = 5000;
    notice.content = content;
    notice.meta = meta;
    assert_eq!(driver.deliver(&notice).await.of(2).outcome, Outcome::Delivered);
    let rcpt: Vec<_> = fake.commands().into_iter().filter(|line| line.starts_with("RCPT")).collect();
    assert_eq!(rcpt, ["RCPT TO:<c@x.example>"]);
    let message = fake.messages().remove(0);
    assert!(message.contains("To: a@x.example\r\n") && message.contains("Cc: b@x.example\r\n"));
    assert!(!message.contains("c@x.example") && !message.contains("Bcc"));
    let shown = driver.render(&notice).await.unwrap();
    assert!(shown.contains("MAIL FROM:<nuncio@example.org>\nRCPT TO:<c@x.example>\n"), "{shown}");
    assert!(shown.contains("\nSubject: (no subject)\n"), "{shown}");
}

/// What the driver says of `uri` at once: it needs nothing for that.
fn checked(driver: &Mailto, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(driver.check(uri, options))
}

#[test]
fn a_subscription_is_checked_at_the_door() {
    let driver = driver(json!({}));
    let check = |uri: &str, options: Value| {
        checked(&driver, &SubscriberUri::parse(uri).unwrap(), &serde_json::from_value(options).unwrap())
    };
    let checked = check(
        "mailto:a@X.example?bcc=b@x.example",
        json!({"cc": "c@x.example", "from": "Ann <d@x.example>"}),
    );
    let checked = checked.unwrap();
    assert_eq!(checked.addresses, ["a@x.example", "b@x.example", "c@x.example"]);
    assert_eq!(checked.destination, "relay");
    for (options, at) in [
        (json!({"subject": "x\r\nBcc: eve@x.example"}), "/options/subject"),
        (json!({"subject": 1}), "/options/subject"),
        (json!({"from": "a@x.example\nX: y"}), "/options/from"),
        (json!({"from": ["a@x.example", "b@x.example"]}), "/options/from"),
        (json!({"reply_to": "nobody"}), "/options/reply_to"),
        (json!({"bcc": 7}), "/options/bcc"),
    ] {
        assert_eq!(check("mailto:a@x.example", options).unwrap_err().at, at);
    }
}

proptest! {
    #[test]
    fn what_check_accepts_is_an_envelope(tail in "[a-zA-Z0-9@.,%?=&\"\\[\\]:;+-]{0,40}|\\PC{0,40}") {
        let Ok(uri) = SubscriberUri::parse(&format!("mailto:a@x.example,{tail}")) else { return Ok(()) };
        let Ok(checked) = checked(&driver(json!({})), &uri, &Options::default()) else { return Ok(()) };
        prop_assert!(!checked.addresses.is_empty());
        for written in checked.addresses {
            prop_assert_eq!(address(&written).unwrap().to_string(), written.clone());
            prop_assert!(!written.chars().any(char::is_control));
        }
    }
}
