//! Endpoints that break off in the middle of their answers.

use nuncio_tests::{Accepted, Cut, Recipe, Reply, Sink};
use serde_json::{Value, json};

use super::shared::all_delivered;

/// How an endpoint breaks off; the next request is answered.
const BREAKS: [(&str, Reply); 7] = [
    ("/before", Reply::Reset),
    ("/closed", Reply::Close),
    ("/status", Reply::Broken(204, Cut::Status)),
    ("/head", Reply::Broken(204, Cut::Head)),
    ("/after-head", Reply::Broken(200, Cut::Body)),
    ("/within-body", Reply::Broken(200, Cut::Within)),
    ("/failing", Reply::Broken(500, Cut::Within)),
];
const MESSAGES: usize = 60;

/// A head that came whole with 2xx is an acknowledgement; anything less is not, and is tried again.
#[test]
fn what_breaks_off_is_delivered_again_unless_its_status_was_told() {
    let sink = Sink::start();
    let retry = "retry = { schedule = [\"0s\", \"0s\", \"0s\", \"0s\", \"0s\", \"0s\", \"0s\", \"0s\"] }";
    let host = Recipe::new().delivery(retry).start();
    for (path, broken) in BREAKS {
        let turns = [broken, Reply::Status(204)].into_iter().cycle().take(2 * MESSAGES);
        sink.on(path, turns.chain([Reply::Status(204)]));
        host.subscribe("q", &sink.url(path), &json!({}));
    }
    let mut accepted = Accepted::default();
    for from in (0..MESSAGES).step_by(10) {
        let bodies: Vec<Value> = (from..from + 10).map(|n| json!(n)).collect();
        accepted.messages(&host.post("q", &bodies), BREAKS.len());
    }
    let account = all_delivered(&host, &sink, &accepted);
    assert_eq!(sink.taken(), account.total(), "what was told to have been taken is not sent again");
    eprintln!("{} requests for {account}", sink.count());
}
