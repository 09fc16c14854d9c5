//! Devices and receipts in the real program, with a driver that is a child process: over kills, and without a secret shown.

use std::{fs, process::Output, time::Duration};

use nuncio_tests::{
    Folder, Host, Recipe, binary,
    command::{command, run},
    until,
};
use serde_json::{Value, json};

use crate::clock::SOON;

/// Writes down to which address it delivered what. It calls a delivery by its id, a text of two parts by two, and the
/// receipt of an early one is told before the delivery itself. What its far side posts are receipts.
const DRIVER: &str = r#"
import base64, json, sys
folder = sys.argv[1]
manifest = {"name": "pager", "version": "1.0.0", "schemes": ["pager"], "devices": True,
            "methods": ["receive", "check_device"]}
asked = {}
def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
def reply(message, **answer):
    say(type="reply", id=message["id"], **answer)
def done(token, **report):
    say(type="completion", token=token, reports=[report])
def deliver(token, notice, device):
    if device is None:
        return done(token, outcome="gone", reason="the device is not registered any more")
    if notice["text"] == "dead":
        return done(token, outcome="gone", reason="no such phone")
    with open(folder + "/delivered", "a") as file:
        file.write(device["address"] + " " + device["keys"]["auth"] + " " + notice["text"] + "\n")
    name = "p-" + notice["id"]
    if notice["text"] == "early":
        say(type="call", method="receipt", json={"provider_id": name, "outcome": "delivered", "code": 7})
    parts = name + "-1 " + name + "-2" if notice["text"] == "parts" else name
    done(token, outcome="delivered", provider_id=parts)
say(type="hello", protocol=1, manifest=manifest)
for line in sys.stdin:
    message = json.loads(line)
    kind = message["type"]
    if kind == "create":
        say(type="ready")
    elif kind == "notice":
        notice = message["notice"]
        asked[message["token"]] = notice
        call = {"project": notice["project"], "device": notice["uri"].split(":")[1]}
        say(type="call", id=message["token"], method="device.get", json=call)
    elif kind == "reply":
        deliver(message["id"], asked.pop(message["id"]), message["json"]["device"])
    elif kind == "call" and message["method"] == "check_device":
        device = message["json"]
        if device["address"].startswith("token-"):
            reply(message, json=device)
        else:
            wrong = {"at": "/address", "why": "`%s` is no token" % device["address"], "fix": "write token-1"}
            reply(message, status="invalid", json=[wrong])
    elif kind == "call" and message["json"]["account"] != "oslo":
        reply(message, status="invalid", json=[{"at": "account", "why": "there is no such account", "fix": "oslo"}])
    elif kind == "call":
        receipts = json.loads(base64.b64decode(message["blob"]))
        reply(message, json={"status": 200, "content_type": "text/plain", "receipts": receipts},
              blob=base64.b64encode(message["json"]["url"].encode()).decode())
    elif kind == "shutdown":
        break
"#;

struct Pager {
    host: Host,
    folder: Folder,
}

impl Pager {
    fn start() -> Self {
        let folder = Folder::new("pager");
        let script = folder.write("driver.py", DRIVER);
        let section = format!(
            "[[exec]]\nname = \"pager\"\ncommand = [\"/usr/bin/python3\", \"{}\", \"{}\"]\n\
             [events]\nqueue = \"ops\"",
            script.display(),
            folder.path().display()
        );
        let host = Recipe::new().section(&section).start();
        Self { host, folder }
    }

    fn delivered(&self) -> Vec<String> {
        let all = fs::read_to_string(self.folder.join("delivered")).unwrap_or_default();
        all.lines().map(str::to_owned).collect()
    }

    /// `nuncio` with the configuration of the host, and its address.
    fn nuncio(&self, arguments: &[&str]) -> Output {
        let mut nuncio = command(binary(), Duration::from_secs(60));
        nuncio
            .arg("--config")
            .arg(self.host.folder().join("nuncio.toml"))
            .current_dir(self.host.folder().path());
        nuncio.env("NUNCIO_HOST", format!("http://{}", self.host.address())).env("NUNCIO_PROJECT", "tests");
        run(nuncio.args(arguments))
    }

    #[track_caller]
    fn well(&self, arguments: &[&str]) -> String {
        let output = self.nuncio(arguments);
        let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        said
    }

    /// Registers a device from a file, as a browser or an app gives it.
    #[track_caller]
    fn register(&self, id: &str, address: &str) -> String {
        let given = json!({"endpoint": address, "keys": {"auth": format!("auth-of-{address}")}});
        let file = self.folder.write("subscription.json", &given.to_string());
        self.well(&["devices", "add", id, "--scheme", "pager", "--from", file.to_str().unwrap()])
    }

    /// The far side tells these receipts, and is answered.
    #[track_caller]
    fn told(&self, receipts: &Value) -> String {
        self.host.request("POST", "/v2/inbound/pager/oslo/x?y=1", receipts).expect(200).text()
    }

    #[track_caller]
    fn notify(&self, text: &str) -> String {
        self.host.notify(&json!({"to": ["pager:ann"], "content": text})).remove(0)
    }
}

#[test]
fn a_device_is_registered_delivered_to_ends_and_comes_back() {
    let pager = Pager::start();
    let wish = json!({"subscriber": "pager:ann", "ttl": 3600, "options": {}});
    let refused = pager.host.request("POST", "/v2/queues/q/subscriptions", &wish).expect(400).text();
    assert!(refused.contains("nuncio devices add ann"), "{refused}");
    pager.register("ann", "token-1");
    pager.host.subscribe("q", "pager:ann", &json!({}));
    pager.host.post("q", &[json!("hello")]);
    until("the first", SOON, || (pager.delivered() == ["token-1 auth-of-token-1 hello"]).then_some(()));
    pager.register("ann", "token-2");
    let sent = pager.well(&["send", "pager:ann", "--body", "by hand"]);
    assert!(
        sent.contains("delivered") && pager.delivered()[1] == "token-2 auth-of-token-2 by hand",
        "{sent}"
    );

    let dead = pager.notify("dead");
    pager.host.settled(&dead, "dead", SOON);
    until("the device to end", SOON, || {
        pager.well(&["devices", "show", "ann"]).contains("no such phone").then_some(())
    });
    let event = until("the event", SOON, || {
        let told = pager.host.get("/v2/queues/ops/messages?echo=true").expect(200).json();
        Some(told["messages"][0]["body"].clone()).filter(|body| !body.is_null())
    });
    assert_eq!((&event["type"], &event["device"]), (&json!("device.gone"), &json!("ann")));
    pager.register("ann", "token-3");
    pager.host.post("q", &[json!("again")]);
    until("what came back", SOON, || {
        pager.delivered().contains(&"token-3 auth-of-token-3 again".into()).then_some(())
    });

    let bad = json!({"scheme": "pager", "address": "hunter2-token"});
    let refused = pager.host.request("PUT", "/v2/devices/bob", &bad).expect(400).text();
    assert!(refused.contains("address: `***` is no token"), "{refused}");
    let listed = pager.well(&["devices", "list"]);
    assert!(listed.contains("pager:ann"), "{listed}");
    pager.well(&["devices", "remove", "ann"]);
    pager.host.post("q", &[json!("too late")]);
    until("a dead letter", SOON, || (pager.host.deliveries("queue=q&state=dead").len() == 1).then_some(()));

    let mut shown =
        vec![pager.host.log(), pager.host.get("/v2/devices").text(), refused, listed, event.to_string()];
    for file in ["nuncio.db", "nuncio.db-wal"] {
        shown.push(String::from_utf8_lossy(&fs::read(pager.host.data().join(file)).unwrap()).into_owned());
    }
    for text in shown {
        assert!(
            !text.contains("token-1") && !text.contains("auth-of-") && !text.contains("hunter2"),
            "{text}"
        );
    }
}

#[test]
fn a_receipt_changes_a_delivery_also_after_a_kill() {
    let mut pager = Pager::start();
    pager.register("ann", "token-1");
    let well = pager.notify("well");
    let parts = pager.notify("parts");
    let early = pager.notify("early");
    let taken: Vec<Value> =
        [&well, &parts, &early].map(|id| pager.host.settled(id, "delivered", SOON)).to_vec();
    assert_eq!(taken[0]["provider_id"], format!("p-{well}"));
    assert_eq!(taken[1]["provider_id"], format!("p-{parts}-1 p-{parts}-2"));
    assert!(taken[0].get("receipt").is_none(), "{}", taken[0]);
    let heard = until("the receipt that came first", SOON, || {
        Some(pager.host.delivery(&early)).filter(|one| one.get("receipt").is_some())
    });
    assert_eq!((&heard["receipt"]["outcome"], &heard["receipt"]["code"]), (&json!("delivered"), &json!(7)));

    pager.host.restart();
    let url = pager.told(&json!([
        {"provider_id": format!("p-{well}"), "outcome": "delivered"},
        {"provider_id": format!("p-{parts}-1"), "outcome": "delivered"},
        {"provider_id": format!("p-{parts}-2"), "outcome": "rejected", "code": 30, "reason": "the phone is off"},
        {"provider_id": "p-of-nobody", "outcome": "rejected"},
    ]));
    assert_eq!(url, "", "without http.public_url nobody knows it");
    pager.host.request("POST", "/v2/inbound/pager/bergen", &json!([])).expect(404);

    // What was answered is on the disk.
    pager.host.restart();
    let (well, parts) = (pager.host.delivery(&well), pager.host.delivery(&parts));
    assert_eq!((&well["state"], &well["receipt"]["outcome"]), (&json!("delivered"), &json!("delivered")));
    assert_eq!((&parts["state"], &parts["receipt"]["code"]), (&json!("dead"), &json!(30)));
    assert_eq!(parts["reason"], "rejected by a receipt 30: the phone is off");
    let ended = |name: &str| pager.host.metric(name);
    assert_eq!((ended("nuncio_accepted_deliveries"), ended("nuncio_open_deliveries")), (3.0, 0.0));
    let shown = pager.well(&["deliveries", "show", parts["id"].as_str().unwrap()]);
    assert!(shown.contains("provider_id") && shown.contains("receipt"), "{shown}");
}
