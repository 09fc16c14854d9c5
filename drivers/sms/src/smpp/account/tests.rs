use std::sync::atomic::Ordering::SeqCst;

use nuncio_plugin_sdk::{
    Clock, Context, Receipt,
    core::wire::Metric,
    net::Policy,
    serde_json::{self, Value, json},
};
use tokio::time::{advance, sleep};

use super::*;
use crate::{
    number::Number,
    smpp::{
        Settings,
        fake::{Centre, Does, Way, answers, receipt, takes},
        pdu::{Pdu, command},
    },
    text::{Overflow, Text},
};

struct Stands;
impl Clock for Stands {
    fn now_ms(&self) -> i64 {
        0
    }
}

/// A host that keeps what it is told.
#[derive(Default)]
struct Keeps(Mutex<Vec<Receipt>>);
impl HostCalls for Keeps {
    fn metric(&self, _: Metric) {}
    fn receipt(&self, receipt: Receipt) {
        self.0.lock().unwrap().push(receipt);
    }
}

struct Bench {
    account: Smpp,
    centre: Arc<Centre>,
    host: Arc<Keeps>,
}

fn bench(centre: Arc<Centre>, more: Value) -> Bench {
    let mut settings = json!({"url": "smpp://centre.example", "system_id": "acme", "password": "hunter2", "sender": "Nuncio"});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let settings: Settings = serde_json::from_value(settings).unwrap();
    let host = Arc::new(Keeps::default());
    let context = Context::new(Arc::new(Stands), Arc::new(Policy::default()), Duration::from_secs(30));
    let context = context.with_host(host.clone());
    let (form, times) = (settings.form().unwrap(), settings.times().unwrap());
    let common = settings.common("acme");
    let way = Box::new(Way(centre.clone()));
    Bench { account: settings.account(way, common, form, times, &context), centre, host }
}

impl Bench {
    async fn send(&self, text: &str) -> Report {
        self.within(text, Duration::from_secs(30)).await
    }

    async fn within(&self, text: &str, left: Duration) -> Report {
        let text = Text::plan(text, &self.account.common.rules, Overflow::Split).unwrap();
        let sender = Sender::read("Nuncio", "").unwrap();
        let to = Number::read("+15551230101", None).unwrap();
        let sms = Sms { id: "msg_1", index: 0, to: &to, sender: Some(&sender), text: &text };
        self.account.send(&sms, left).await
    }

    fn receipts(&self) -> Vec<(String, Outcome)> {
        self.host.0.lock().unwrap().iter().map(|one| (one.provider_id.clone(), one.outcome)).collect()
    }
}

/// It answers the submission `number` with `status`, and takes all else.
fn refuses(number: usize, status: u32) -> Arc<Centre> {
    Centre::that(move |_, at, pdu| answers(at, pdu, if at == number { status } else { 0 }))
}

#[tokio::test(start_paused = true)]
async fn a_text_in_parts_is_delivered_with_the_ids_of_its_parts_in_order() {
    let bench = bench(Centre::that(takes), json!({}));
    let report = bench.send(&"a".repeat(307)).await;
    assert_eq!(
        (report.outcome, report.provider_id.as_str(), report.cost),
        (Outcome::Delivered, "m1 m2 m3", 3)
    );
    let sent = bench.centre.heard(command::SUBMIT_SM);
    let headers: Vec<_> = sent
        .iter()
        .map(|pdu| pdu.body.windows(6).find(|six| six.starts_with(&[5, 0, 3])).unwrap().to_vec())
        .collect();
    assert!(headers.iter().all(|one| one[3] == headers[0][3] && one[4] == 3), "{headers:?}");
    assert_eq!(headers.iter().map(|one| one[5]).collect::<Vec<_>>(), [1, 2, 3]);
    let bind = &bench.centre.heard(command::BIND_TRANSCEIVER)[0].body;
    assert_eq!(bind, b"acme\0hunter2\0\0\x34\0\0\0");
}

#[tokio::test(start_paused = true)]
async fn each_answer_is_a_report_with_the_code_and_its_name() {
    use Outcome::{Deferred, Rejected};
    for (status, outcome, scope, again) in [
        (0x0B, Rejected, Scope::Recipient, None),
        (0x58, Deferred, Scope::Destination, Some(THROTTLED)),
        (0x14, Deferred, Scope::Destination, Some(THROTTLED)),
        (0x45, Deferred, Scope::Recipient, None),
        // The sender is the account's own.
        (0x0A, Deferred, Scope::Account, None),
        (0x48, Deferred, Scope::Account, None),
        (0x4FF, Deferred, Scope::Recipient, None),
    ] {
        let report = bench(refuses(1, status), json!({})).send("Hello").await;
        assert_eq!((report.outcome, report.scope, report.code), (outcome, scope, status), "{status:#x}");
        assert_eq!((report.retry_after, report.maybe_sent), (again, false), "{status:#x}");
        assert!(report.reason.ends_with(&status::named(status)), "{}", report.reason);
    }
    for (status, settings, outcome, scope) in [
        (0x0A, json!({}), Rejected, Scope::Message),
        (0x48, json!({}), Rejected, Scope::Message),
        (0x49, json!({}), Rejected, Scope::Message),
        // The operator wrote these two.
        (0x48, json!({"source_ton": 7}), Deferred, Scope::Account),
        (0x49, json!({"source_npi": 7}), Deferred, Scope::Account),
    ] {
        let mut settings = settings;
        settings["sender"] = json!("Other");
        let other = bench(refuses(1, status), settings).send("Hello").await;
        assert_eq!((other.outcome, other.scope), (outcome, scope), "{status:#x}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_that_fails_says_what_was_sent_before_it() {
    let report = bench(refuses(3, 0x58), json!({})).send(&"a".repeat(400)).await;
    assert!(report.maybe_sent && report.provider_id.is_empty());
    assert!(report.reason.starts_with("part 3 of 3: ") && report.reason.ends_with("parts 1 to 2 were sent"));
    let first = bench(refuses(1, 0x0B), json!({})).send(&"a".repeat(400)).await;
    assert!(!first.maybe_sent && first.reason.ends_with("no part was sent"), "{}", first.reason);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_the_accounts_matter_and_show_no_password() {
    for status in [0x0D, 0x0E, 0x0F] {
        let centre = Centre::that(move |_, at, pdu| {
            answers(at, pdu, status).into_iter().chain([Does::HangsUp]).collect()
        });
        let report = bench(centre, json!({})).send("Hello").await;
        assert_eq!((report.outcome, report.scope, report.code), (Outcome::Deferred, Scope::Account, status));
        assert!(report.reason.contains(&status::named(status)) && !report.reason.contains("hunter2"));
        assert!(report.retry_after.unwrap() >= Duration::from_secs(14));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_outstanding_when_the_connection_ends_is_maybe_sent() {
    let centre = Centre::that(|connection, at, pdu| match (connection, at) {
        (1, 2) => vec![Does::HangsUp],
        (1, 1) => Vec::new(),
        _ => takes(connection, at, pdu),
    });
    let bench = bench(centre, json!({}));
    let (first, second) = tokio::join!(bench.send("one"), bench.send("two"));
    for report in [first, second] {
        assert_eq!(
            (report.outcome, report.scope, report.maybe_sent),
            (Outcome::Deferred, Scope::Destination, true)
        );
        assert!(report.reason.contains("closed the connection"), "{}", report.reason);
    }
    // While there is no session nothing is sent, and it is said when to come again.
    let down = bench.within("three", Duration::from_millis(10)).await;
    assert!(!down.maybe_sent && down.retry_after.is_some(), "{down:?}");
    // A short break is waited for.
    assert_eq!(bench.send("four").await.outcome, Outcome::Delivered);
    assert_eq!(bench.centre.connections.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn the_pause_before_it_binds_again_grows() {
    let centre = Centre::that(|_, at, pdu| answers(at, pdu, 0x08));
    let bench = bench(centre, json!({}));
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let report = bench.within("Hello", Duration::from_millis(10)).await;
        let pause = report.retry_after.unwrap();
        pauses.push(pause.as_secs_f64());
        sleep(pause + Duration::from_millis(1)).await;
    }
    for (at, pause) in pauses.iter().enumerate() {
        let least = f64::from(2_u32.pow(u32::try_from(at).unwrap())).min(60.0);
        assert!((least..=least * 1.5).contains(pause), "{pauses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_generic_nack_without_a_status_is_no_success() {
    let nack =
        |pdu: &Pdu| Pdu::answer(&Pdu::new(command::GENERIC_NACK, pdu.sequence, Vec::new()), 0, Vec::new());
    let centre = Centre::that(move |connection, at, pdu| match at {
        1 => vec![Does::Says(nack(pdu))],
        _ => takes(connection, at, pdu),
    });
    let report = bench(centre, json!({})).send("Hello").await;
    assert_eq!((report.outcome, report.scope), (Outcome::Deferred, Scope::Destination));
    assert!(!report.maybe_sent && report.reason.ends_with("the command 0x80000000"), "{}", report.reason);
    let unbound = bench(Centre::that(move |_, _, pdu| vec![Does::Says(nack(pdu))]), json!({}));
    let report = unbound.send("Hello").await;
    assert!(report.reason.ends_with("the command 0x80000000 to the bind"), "{}", report.reason);
}

#[tokio::test(start_paused = true)]
async fn no_answer_in_time_is_maybe_sent_and_leaves_its_place() {
    let centre =
        Centre::that(|connection, at, pdu| if at == 1 { Vec::new() } else { takes(connection, at, pdu) });
    let bench = bench(centre, json!({"window": 1}));
    let report = bench.send("Hello").await;
    assert!(report.maybe_sent && report.reason == "no answer within 10000 ms", "{}", report.reason);
    assert_eq!(bench.send("Hello").await.outcome, Outcome::Delivered);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_window_is_outstanding() {
    let centre =
        Centre::that(|connection, at, pdu| if at > 0 { Vec::new() } else { takes(connection, at, pdu) });
    let bench = bench(centre, json!({"window": 3, "response_timeout": "1h", "enquire_link": "1h"}));
    let all = (0..5).map(|_| bench.within("Hello", Duration::from_secs(5)));
    let reports = futures_util::future::join_all(all).await;
    assert_eq!(bench.centre.heard(command::SUBMIT_SM).len(), 3);
    assert_eq!(reports.iter().filter(|one| one.reason.contains("the window was full")).count(), 2);
    assert_eq!(reports.iter().filter(|one| one.maybe_sent).count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_is_handed_over_before_it_is_answered_and_may_come_before_the_submission_is() {
    let centre = Centre::that(|_, at, pdu| {
        let early = if at == 1 { vec![receipt("id:m1 stat:DELIVRD err:000")] } else { Vec::new() };
        early.into_iter().chain(answers(at, pdu, 0)).collect()
    });
    let bench = bench(centre, json!({}));
    assert_eq!(bench.send("Hello").await.provider_id, "m1");
    assert_eq!(bench.receipts(), [("acme/m1".to_owned(), Outcome::Delivered)]);
    sleep(Duration::from_millis(1)).await;
    let answer = &bench.centre.heard(command::DELIVER_SM | command::RESPONSE)[0];
    assert_eq!((answer.sequence, answer.status, answer.body.as_slice()), (77, 0, &[0][..]));
}

#[tokio::test(start_paused = true)]
async fn a_receipt_with_the_id_in_hexadecimal_finds_its_message() {
    let centre = Centre::that(|_, at, pdu| match at {
        0 => takes(1, at, pdu),
        _ => vec![Does::Says(Pdu::answer(pdu, 0, b"2748\0".to_vec())), receipt("id:0ABC stat:UNDELIV")],
    });
    let bench = bench(centre, json!({}));
    bench.send("Hello").await;
    sleep(Duration::from_millis(1)).await;
    assert_eq!(bench.receipts(), [("acme/2748".to_owned(), Outcome::Rejected)]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_centre_is_asked_and_left_when_it_does_not_answer() {
    let centre = Centre::that(|connection, at, pdu| match (connection, pdu.command) {
        (1, command::ENQUIRE_LINK) => Vec::new(),
        _ => takes(connection, at, pdu),
    });
    let bench = bench(centre, json!({"enquire_link": "30s", "response_timeout": "10s"}));
    assert_eq!(bench.send("Hello").await.outcome, Outcome::Delivered);
    advance(Duration::from_secs(29)).await;
    sleep(Duration::from_millis(500)).await;
    assert!(bench.centre.heard(command::ENQUIRE_LINK).is_empty());
    sleep(Duration::from_secs(11)).await;
    let report = bench.within("Hello", Duration::from_millis(10)).await;
    assert!(report.reason.contains("silent: no answer within 10000 ms to enquire_link"), "{}", report.reason);
    // The second connection answers, and is kept.
    sleep(Duration::from_secs(300)).await;
    assert_eq!(bench.send("Hello").await.outcome, Outcome::Delivered);
    assert_eq!(bench.centre.connections.load(SeqCst), 2);
    assert!(bench.centre.heard(command::ENQUIRE_LINK).len() > 5);
}

#[tokio::test(start_paused = true)]
async fn what_the_centre_asks_is_answered() {
    let centre = Centre::that(|connection, at, pdu| match pdu.command {
        command::BIND_TRANSCEIVER => takes(connection, at, pdu)
            .into_iter()
            .chain([
                Does::Says(Pdu::new(command::ENQUIRE_LINK, 5, Vec::new())),
                Does::Says(Pdu::new(0x7777, 6, Vec::new())),
                Does::Says(Pdu::new(command::UNBIND, 7, Vec::new())),
            ])
            .collect(),
        _ => takes(connection, at, pdu),
    });
    let bench = bench(centre, json!({}));
    bench.account.transmitter.start();
    sleep(Duration::from_millis(10)).await;
    let answer =
        |of: u32| bench.centre.heard(of).iter().map(|pdu| (pdu.sequence, pdu.status)).collect::<Vec<_>>();
    assert_eq!(answer(command::ENQUIRE_LINK | command::RESPONSE), [(5, 0)]);
    assert_eq!(answer(command::GENERIC_NACK), [(6, 3)]);
    assert_eq!(answer(command::UNBIND | command::RESPONSE), [(7, 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_centre_that_speaks_something_else_is_left() {
    let centre = Centre::that(|_, _, _| {
        vec![Does::Says(Pdu { command: 0, status: 0, sequence: 0, body: vec![0; 80_000] })]
    });
    let report = bench(centre, json!({})).send("Hello").await;
    assert!(
        report.reason.contains("sent what is no SMPP: a PDU of 80016 octets is none"),
        "{}",
        report.reason
    );
}

#[tokio::test(start_paused = true)]
async fn it_unbinds_when_it_is_shut_down() {
    for settings in [json!({}), json!({"bind": "separate"})] {
        let bench = bench(Centre::that(takes), settings.clone());
        bench.send("Hello").await;
        sleep(Duration::from_millis(1)).await;
        bench.account.shutdown(Duration::from_secs(5)).await;
        let separate = settings["bind"] == "separate";
        assert_eq!(bench.centre.heard(command::UNBIND).len(), 1 + usize::from(separate));
        assert_eq!(bench.centre.heard(command::BIND_RECEIVER).len(), usize::from(separate));
        let after = bench.within("Hello", Duration::from_secs(1)).await;
        assert_eq!(after.outcome, Outcome::Deferred, "nothing is sent afterwards");
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_account_has_fewer_outstanding() {
    let centre = Centre::that(|connection, at, pdu| match at {
        1..=2 => answers(at, pdu, 0x58),
        3.. => Vec::new(),
        _ => takes(connection, at, pdu),
    });
    let bench = bench(centre, json!({"window": 8}));
    bench.send("Hello").await;
    bench.send("Hello").await;
    let all = (0..8).map(|_| bench.within("Hello", Duration::from_secs(5)));
    futures_util::future::join_all(all).await;
    assert_eq!(bench.centre.heard(command::SUBMIT_SM).len(), 2 + 2);
}

#[test]
fn who_it_is_from_has_its_type_and_plan() {
    let of = |text: &str, set| {
        let sender = Sender::read(text, "").unwrap();
        let Address { ton, npi, text } = source(Some(&sender), set);
        (ton, npi, text)
    };
    assert_eq!(of("Nuncio", (None, None)), (5, 0, "Nuncio".to_owned()));
    assert_eq!(of("+15551230101", (None, None)), (1, 1, "15551230101".to_owned()));
    assert_eq!(of("12345", (None, None)), (3, 0, "12345".to_owned()));
    assert_eq!(of("12345", (Some(0), Some(1))), (0, 1, "12345".to_owned()));
    assert_eq!(source(None, (None, None)), Address::default());
}
