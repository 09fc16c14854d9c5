//! Devices are kept, end, come back, and are of one project.

use nuncio_core::{Kind, wire::Device};

use super::bench::{Bench, PROJECT, QUEUE, post};
use crate::storage::{
    Addressed, DeviceRow, Finding, Found, Lost, LostDevice, Post, StoreError, Telling, sqlite::Limits,
};

super::promises! {
    a_device_is_kept_sealed_until_it_is_removed,
    devices_are_listed_by_id_in_their_project,
    a_device_that_is_gone_has_no_secrets_and_is_told_once,
    a_device_that_was_registered_anew_is_not_ended_by_an_older_word,
    a_device_that_comes_back_is_subscribed_again,
    what_is_found_of_a_device_that_is_back_does_not_hold,
    a_device_that_ended_long_ago_is_forgotten,
}

fn device(id: &str, address: &str, at: i64) -> Device {
    let mut device = Device::new("pager", address);
    device.id = id.to_owned();
    device.keys.insert("auth".to_owned(), "a-secret-key".to_owned());
    device.attributes.insert("topic".to_owned(), "app".to_owned());
    device.registered_ms = at;
    device
}

async fn row(bench: &Bench, id: &str) -> Option<DeviceRow> {
    bench.store.device(PROJECT, id).await.unwrap()
}

async fn lost(bench: &Bench, id: &str, began: i64) -> LostDevice {
    let lost = Lost { id: id.to_owned(), began, at: bench.now(), why: "BadDeviceToken".to_owned() };
    let to = Addressed::Queue("events".into());
    let tell = Telling::new(move || Some(Post { to: to.clone(), kind: Kind::Event, ..post(&["{}"]) }));
    bench.store.device_lost(PROJECT, lost, tell).await.unwrap()
}

async fn a_device_is_kept_sealed_until_it_is_removed(mut bench: Bench) {
    let phone = device("phone", "a-secret-token", 5);
    assert!(bench.store.device_put(PROJECT, phone.clone()).await.unwrap());
    let print = row(&bench, "phone").await.unwrap().print;
    bench.reopen().await;
    assert_eq!(
        row(&bench, "phone").await.unwrap(),
        DeviceRow { device: phone.clone(), print: print.clone(), ended: None }
    );
    assert!(!bench.store.device_put(PROJECT, device("phone", "a-secret-token", 9)).await.unwrap());
    let again = row(&bench, "phone").await.unwrap();
    assert_eq!(
        (again.device.registered_ms, &again.print),
        (9, &print),
        "the same address has the same print"
    );
    let other = bench.store.device_put(PROJECT, device("phone", "another", 9)).await.unwrap();
    assert!(!other && row(&bench, "phone").await.unwrap().print != print);
    let file = bench.bytes();
    for secret in ["a-secret-token", "a-secret-key", "another"] {
        assert!(!file.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret}");
    }
    assert!(bench.store.device_remove(PROJECT, "phone").await.unwrap());
    assert!(
        !bench.store.device_remove(PROJECT, "phone").await.unwrap() && row(&bench, "phone").await.is_none()
    );
}

async fn devices_are_listed_by_id_in_their_project(bench: Bench) {
    for id in ["c", "a", "b"] {
        bench.store.device_put(PROJECT, device(id, "t", 1)).await.unwrap();
    }
    bench.store.device_put("other", device("a", "u", 1)).await.unwrap();
    let ids = |rows: Vec<DeviceRow>| rows.into_iter().map(|row| row.device.id).collect::<Vec<_>>();
    assert_eq!(ids(bench.store.devices(PROJECT, "", 2).await.unwrap()), ["a", "b"]);
    assert_eq!(ids(bench.store.devices(PROJECT, "b", 2).await.unwrap()), ["c"]);
    assert_eq!(bench.store.device("other", "a").await.unwrap().unwrap().device.address, "u");
    assert!(bench.store.device("nobody", "a").await.unwrap().is_none());
    assert!(!bench.store.device_remove("nobody", "a").await.unwrap());
}

async fn a_device_that_is_gone_has_no_secrets_and_is_told_once(bench: Bench) {
    bench.store.device_put(PROJECT, device("phone", "t", 5)).await.unwrap();
    assert_eq!(lost(&bench, "phone", 6).await, LostDevice::Ended);
    assert_eq!(lost(&bench, "phone", 6).await, LostDevice::Known);
    assert_eq!(lost(&bench, "nobody", 6).await, LostDevice::Known);
    let row = row(&bench, "phone").await.unwrap();
    assert!(row.device.address.is_empty() && row.device.keys.is_empty());
    let ended = row.ended.unwrap();
    assert_eq!((ended.at, ended.why.as_str()), (bench.now(), "BadDeviceToken"));
    assert_eq!(bench.store.queue_stats(PROJECT, "events").await.unwrap().free, 1);
}

async fn a_device_that_was_registered_anew_is_not_ended_by_an_older_word(bench: Bench) {
    bench.store.device_put(PROJECT, device("phone", "t", 50)).await.unwrap();
    assert_eq!(lost(&bench, "phone", 40).await, LostDevice::Renewed);
    assert!(row(&bench, "phone").await.unwrap().ended.is_none());
    assert_eq!(lost(&bench, "phone", 50).await, LostDevice::Ended);
}

async fn a_device_that_comes_back_is_subscribed_again(bench: Bench) {
    bench.store.device_put(PROJECT, device("phone", "t", 5)).await.unwrap();
    let id = bench.subscribe("pager:phone").await;
    lost(&bench, "phone", 6).await;
    let finding = Finding::Gone { address: "pager:phone".into(), why: "it is gone".into(), device: None };
    bench.store.found(id, finding, bench.now(), Box::new(|_| None)).await.unwrap();
    assert!(bench.post(&["1"]).await.matched[0].is_empty());
    bench.store.device_put(PROJECT, device("phone", "new", 7)).await.unwrap();
    assert_eq!(bench.post(&["2"]).await.matched[0].len(), 1);
    assert!(bench.store.subscription(PROJECT, QUEUE, id).await.unwrap().unwrap().disabled.is_none());
}

async fn what_is_found_of_a_device_that_is_back_does_not_hold(bench: Bench) {
    bench.store.device_put(PROJECT, device("phone", "t", 5)).await.unwrap();
    let id = bench.subscribe("pager:phone").await;
    let found = async || {
        let finding = Finding::Gone {
            address: "pager:phone".into(),
            why: "it is gone".into(),
            device: Some("phone".into()),
        };
        bench.store.found(id, finding, bench.now(), Box::new(|_| None)).await.unwrap()
    };
    lost(&bench, "phone", 6).await;
    bench.store.device_put(PROJECT, device("phone", "new", 7)).await.unwrap();
    assert_eq!(found().await, Found::Nothing);
    assert_eq!(bench.post(&["1"]).await.matched[0].len(), 1);
    lost(&bench, "phone", 8).await;
    assert_eq!(found().await, Found::Disabled);
}

async fn a_device_that_ended_long_ago_is_forgotten(bench: Bench) {
    for id in ["ended", "live"] {
        bench.store.device_put(PROJECT, device(id, "t", 5)).await.unwrap();
    }
    lost(&bench, "ended", 6).await;
    bench.turn(30 * 86_400_000);
    bench.forget().await;
    assert!(row(&bench, "ended").await.is_some());
    bench.turn(1);
    bench.forget().await;
    assert!(row(&bench, "ended").await.is_none() && row(&bench, "live").await.is_some());
}

#[tokio::test]
async fn a_project_has_no_more_devices_than_it_may() {
    let limits = Limits::default();
    let quota = crate::tenants::Quota { devices: 1, ..Default::default() };
    limits.quotas.change(quota, [].into());
    let bench = Bench::with(limits).await;
    let put = |id: &'static str| bench.store.device_put(PROJECT, device(id, "t", 1));
    assert!(put("a").await.unwrap() && !put("a").await.unwrap());
    let full = StoreError::TooMany { limit: "limits.devices", value: 1 };
    assert_eq!(put("b").await.unwrap_err(), full);
    lost(&bench, "a", 2).await;
    assert!(put("b").await.unwrap());
    assert_eq!(put("a").await.unwrap_err(), full, "one that comes back counts again");
}
