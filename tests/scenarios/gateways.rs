//! SMS by HTTP gateways: a real Kannel with its delivery reports, and Twilio's API as its own description has it.

use nuncio_tests::{
    Arrived, Host, KANNEL_PASSWORD, KANNEL_USER, Kannel, Prism, Recipe, command::command, command::succeed,
    failures, free_port, until,
};
use serde_json::{Value, json};

use crate::clock::SOON;

const SID: &str = "AC0123456789abcdef0123456789abcdef";
const AUTH_TOKEN: &str = "the-auth-token-of-twilio";

/// A host at `port` with `account` and more of its settings as its only account, `main`.
fn host(port: u16, account: &str) -> Recipe {
    Recipe::new().env("NUNCIO_HTTP__LISTEN", format!("127.0.0.1:{port}")).section(&format!(
        "[notification]\nrequire_confirmation = \"none\"\n[drivers.sms.accounts.main]\n{account}"
    ))
}

/// An account with `kannel`, whose reports come to the host at `port`.
fn account(kannel: &Kannel, password: &str, port: u16) -> String {
    let url = kannel.url();
    format!(
        "kind = \"kannel\"
url = \"{url}\"
username = \"{KANNEL_USER}\"
password = \"{password}\"
sender = \"Nuncio\"
max_parts = 20
receipt_secret = \"a secret of this host alone\"
status_callback = \"http://127.0.0.1:{port}/v2/inbound/sms/main\""
    )
}

/// A delivery when its receipt has come.
fn with_receipt(host: &Host, id: &str) -> Value {
    until("a receipt", SOON, || Some(host.delivery(id)).filter(|one| one["receipt"].is_object()))
}

#[test]
fn texts_of_any_length_go_through_kannel_and_its_reports_come_back() {
    let kannel = Kannel::start();
    let mut phone = kannel.phone();
    let port = free_port();
    let host = host(port, &account(&kannel, KANNEL_PASSWORD, port)).start();
    let plain = |n: usize| "abcdefghij".chars().cycle().take(n).collect::<String>();
    let cyrillic =
        |n: usize| "Съешь ещё этих булок ".chars().cycle().take(n).collect::<String>().replace(' ', "_");
    let emoji = "Ja 😀🎉".chars().cycle().take(200).collect::<String>().replace(' ', "_");
    let brackets = "[€] {5}".to_owned();
    let lengths = [1, 70, 71, 160, 161, 1000];
    let texts = lengths.map(plain).into_iter().chain(lengths.map(cyrillic)).chain([emoji, brackets]);
    for text in texts {
        let ids = host.notify(&json!({"to": ["sms:+15551230101"], "content": text}));
        let mut parts: Vec<Arrived> = vec![phone.next(SOON)];
        while parts.len() < usize::from(parts[0].total()) {
            parts.push(phone.next(SOON));
        }
        let numbers: Vec<_> = parts.iter().map(Arrived::number).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
        assert_eq!((parts[0].from.as_str(), parts[0].to.as_str()), ("Nuncio", "+15551230101"));
        assert_eq!(Arrived::whole(&parts), text);

        let delivery = with_receipt(&host, &ids[0]);
        assert_eq!(
            (&delivery["state"], &delivery["receipt"]["outcome"]),
            (&json!("delivered"), &json!("delivered"))
        );
        assert_eq!(delivery["provider_id"], format!("main/{}", ids[0]), "{delivery}");
    }
}

#[test]
fn what_kannel_refuses_is_told_apart() {
    let kannel = Kannel::start();
    let port = free_port();
    let mut host = host(port, &account(&kannel, KANNEL_PASSWORD, port)).start();
    let ids = host.notify(&json!({"to": ["sms:+19995550100"], "content": "to a number that is denied"}));
    let dead = host.settled(&ids[0], "dead", SOON);
    let failure = &failures(&dead)[0];
    assert_eq!((&failure["code"], &failure["scope"]), (&json!(400), &json!("recipient")), "{dead}");
    assert!(failure["reason"].as_str().unwrap().contains("black-lists"), "{dead}");

    host.change(self::host(port, &account(&kannel, "guessed-password", port)));
    host.restart();
    let ids = host.notify(&json!({"to": ["sms:+15551230101"], "content": "patience"}));
    let waiting = host.failed(&ids[0], 1, SOON);
    let failure = &failures(&waiting)[0];
    assert_eq!(failure["scope"], "account", "{waiting}");
    assert_eq!(failure["reason"], "Kannel 403: Authorization failed for sendsms");
    assert!(["waiting", "held"].contains(&waiting["state"].as_str().unwrap()), "{waiting}");
    assert!(!host.log().contains("guessed-password") && !waiting.to_string().contains("guessed-password"));

    host.change(self::host(port, &account(&kannel, KANNEL_PASSWORD, port)));
    host.restart();
    host.settled(&ids[0], "delivered", SOON);
}

#[test]
fn a_report_that_kannel_was_not_asked_for_is_refused() {
    let kannel = Kannel::start();
    let port = free_port();
    let host = host(port, &account(&kannel, KANNEL_PASSWORD, port)).start();
    let ids = host.notify(&json!({"to": ["sms:+15551230101"], "content": "no phone is on"}));
    host.settled(&ids[0], "delivered", SOON);
    let forged = format!("ref={}&token={}&type=2", ids[0], "0".repeat(32));
    let refused = host.get(&format!("/v2/inbound/sms/main?{forged}")).expect(400).text();
    assert!(refused.contains("token"), "{refused}");
    host.get(&format!("/v2/inbound/sms/other?{forged}")).expect(404);
    assert!(host.delivery(&ids[0])["receipt"].is_null());
    kannel.phone().next(SOON);
    assert_eq!(with_receipt(&host, &ids[0])["receipt"]["outcome"], "delivered");
}

/// What Twilio would send, signed by Python's `hmac`.
fn signature(url: &str, pairs: &[(&str, &str)]) -> String {
    let text: String = pairs.iter().map(|(name, value)| format!("{name}{value}")).collect();
    let program = "import base64,hmac,sys; a=[x.encode() for x in sys.argv[1:]]; \
                   print(base64.b64encode(hmac.new(a[0],a[1],'sha1').digest()).decode())";
    let mut python = command("python3", SOON);
    succeed(python.args(["-c", program, AUTH_TOKEN, &format!("{url}{text}")])).trim().to_owned()
}

#[test]
fn twilio_takes_what_its_description_allows_and_calls_back() {
    let prism = Prism::start();
    let port = free_port();
    let callback = "https://nuncio.example/v2/inbound/sms/main";
    let api = prism.url();
    let account = format!(
        "kind = \"twilio\"\napi = \"{api}\"\naccount_sid = \"{SID}\"\nauth_token = \"{AUTH_TOKEN}\"\n\
         sender = \"+15005550006\"\nstatus_callback = \"{callback}\""
    );
    let host = host(port, &account).start();
    let ids = host.notify(&json!({"to": ["sms:+15558675310"], "content": "Привет 👍"}));
    let delivery = host.settled(&ids[0], "delivered", SOON);
    let sid = format!("SM{}", "a".repeat(32));
    assert_eq!(delivery["provider_id"], format!("main/{sid}"), "{delivery}");

    let query = format!("ref={}", ids[0]);
    let form = [("ErrorCode", "30005"), ("MessageSid", sid.as_str()), ("MessageStatus", "undelivered")];
    let signature = signature(&format!("{callback}?{query}"), &form);
    let call = |signature: &str| {
        let body: Vec<_> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut curl = command("curl", SOON);
        curl.args([
            "-sS",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-H",
            &format!("X-Twilio-Signature: {signature}"),
        ]);
        let url = format!("http://{}/v2/inbound/sms/main?{query}", host.address());
        succeed(curl.args(["-d", &body.join("&"), &url]))
    };
    assert_eq!(call("Z3Vlc3NlZA=="), "400");
    assert_eq!(call(&signature), "204");
    let dead = host.settled(&ids[0], "dead", SOON);
    assert_eq!(
        (&dead["receipt"]["outcome"], &dead["receipt"]["code"]),
        (&json!("rejected"), &json!(30005)),
        "{dead}"
    );
    assert!(!host.log().contains(AUTH_TOKEN));
}

#[test]
fn what_twilio_s_description_forbids_is_a_401_and_a_422() {
    let prism = Prism::start();
    let port = free_port();
    let api = format!("{}/2010-04-01/Accounts/{SID}/Messages.json", prism.url());
    let account = |body: &str, headers: &str| {
        format!(
            "kind = \"http\"\nurl = \"{api}\"\nbody = \"{body}\"\nid = \"/sid\"\nheaders = {{ \
             content-type = \"application/x-www-form-urlencoded\", {headers} }}"
        )
    };
    let whole = "To={to}&From=%2B15005550006&Body={text}";
    let mut host = host(port, &account(whole, "x-unsigned = \"yes\"")).start();
    let ids = host.notify(&json!({"to": ["sms:+15558675310"], "content": "no credentials"}));
    let waiting = host.failed(&ids[0], 1, SOON);
    let failure = &failures(&waiting)[0];
    assert_eq!((&failure["code"], &failure["scope"]), (&json!(401), &json!("account")), "{waiting}");

    let signed = "authorization = \"Basic QUM6eA==\", x-to = \"{to}\"";
    host.change(self::host(port, &account("From=%2B15005550006&Body={text}", signed)));
    host.restart();
    let dead = host.settled(&ids[0], "dead", SOON);
    let failure = failures(&dead).last().unwrap();
    assert_eq!((&failure["code"], &failure["scope"]), (&json!(422), &json!("recipient")), "{dead}");

    host.change(self::host(port, &account(whole, signed)));
    host.restart();
    let ids = host.notify(&json!({"to": ["sms:+15558675310"], "content": "as it should be"}));
    let delivery = host.settled(&ids[0], "delivered", SOON);
    assert_eq!(delivery["provider_id"], format!("main/SM{}", "a".repeat(32)), "{delivery}");
}
