//! The third walk: a notification for tomorrow, with the host restarted without one of its drivers.

use nuncio_tests::{Recipe, Sink, until};
use serde_json::json;

use crate::{
    clock::{SOON, unix_now},
    drivers_removed::log_only,
};

#[test]
fn what_is_scheduled_survives_a_host_without_its_driver() {
    let sink = Sink::start();
    let mut host = Recipe::new().start();
    let tomorrow = unix_now() + 86_400;
    let both = json!({"to": [sink.url("/tomorrow"), "log:tomorrow"], "content": "good morning", "deliver_at": tomorrow});
    let later = host.notify(&both);
    let moment = unix_now() + 3;
    let soon =
        host.notify(&json!({"to": [sink.url("/soon")], "content": "in a moment", "deliver_at": moment}));
    for id in later.iter().chain(&soon) {
        assert_eq!(host.delivery(id)["state"], "held");
    }
    host.kill();

    // Without the driver for http nothing fails: it is said what is missing, and the deliveries wait for it.
    host.change(Recipe::new().binary(log_only()));
    host.start();
    let ready = until("/readyz to say what is missing", SOON, || {
        Some(host.get("/readyz").expect(200).text()).filter(|text| text.contains("http"))
    });
    assert!(ready.contains("driver"), "{ready}");
    until("the moment to pass", SOON, || (unix_now() > moment + 1).then_some(()));
    for id in later.iter().chain(&soon) {
        assert_eq!(host.delivery(id)["state"], "held", "{}", host.delivery(id));
    }
    assert_eq!(sink.count(), 0);
    host.stop();

    // With it what was due in the meantime goes at once, and tomorrow is still tomorrow.
    host.change(Recipe::new());
    host.start();
    host.settled(&soon[0], "delivered", SOON);
    assert_eq!(sink.received("/soon").len(), 1);
    for id in &later {
        assert_eq!(host.delivery(id)["state"], "held");
    }
    assert_eq!(sink.received("/tomorrow").len(), 0);
    host.request("POST", &format!("/v2/deliveries/{}/cancel", later[0]), &json!(null));
    host.settled(&later[0], "cancelled", SOON);
}
