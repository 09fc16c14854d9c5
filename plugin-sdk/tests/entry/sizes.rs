//! Either side may be of an older minor version, whose structs are smaller, or of a newer one, whose are larger.

use std::mem::offset_of;

use nuncio_plugin_sdk::{
    core::abi::{self, Bytes},
    serde_json::json,
};

use crate::{
    drivers::given,
    host::{Host, Told},
    made::{Made, create, empty_table, entry, index},
    notice::{json as plain, lot},
};

/// A struct of a newer minor version: fields follow that this one does not know.
#[repr(C)]
struct Newer<T> {
    known: T,
    appended: [u64; 4],
}

/// What stands behind an older struct's end is none of its fields. Whoever follows it crashes.
const GARBAGE: Bytes = Bytes { ptr: std::ptr::dangling(), len: 7 };

#[test]
fn fields_behind_the_end_of_an_older_notice_are_not_read() {
    let made = Made::new("single", "older notice");
    let mut notices = lot(["ok"]);
    let notice = &mut notices[0].notice;
    notice.size = offset_of!(abi::Notice, text) as u32;
    (notice.text, notice.html, notice.options_json, notice.headers_json) =
        (GARBAGE, GARBAGE, GARBAGE, GARBAGE);
    (notice.project, notice.queue, notice.message, notice.subscription) =
        (GARBAGE, GARBAGE, GARBAGE, GARBAGE);
    (notice.parts, notice.part_count) = (std::ptr::dangling(), 9);
    (notice.ttl_s, notice.delay_s, notice.kind) = (5, 5, 5);
    made.submit(&notices);
    assert_eq!(made.host.completed(1)[0].1[0].status, abi::DELIVERED);
    assert_eq!(given("older notice"), [plain("ok")]);
}

#[test]
fn a_field_that_is_cut_by_the_end_is_not_read() {
    let made = Made::new("single", "cut notice");
    let mut notices = lot(["ok"]);
    notices[0].notice.size = (offset_of!(abi::Notice, delay_s) + 4) as u32;
    notices[0].notice.delay_s = 0x0000_0007_0000_0007;
    made.submit(&notices);
    made.host.completed(1);
    assert_eq!(given("cut notice")[0].delay, None);
}

#[test]
fn what_a_newer_notice_has_in_addition_is_ignored() {
    let made = Made::new("single", "newer notice");
    let notices = lot(["ok"]);
    let size = size_of::<Newer<abi::Notice>>() as u32;
    let newer = Newer { known: abi::Notice { size, ..*notices[0].notice }, appended: [u64::MAX; 4] };
    made.submit_pointers(&[&raw const newer.known]);
    made.host.completed(1);
    assert_eq!(given("newer notice"), [plain("ok")]);
}

#[test]
fn an_older_host_without_logs_and_calls_is_not_called_there() {
    let host = std::sync::Arc::new(Host::default());
    *host.level.lock().unwrap() = abi::LOG_TRACE;
    let mut raw = host.raw();
    raw.size = offset_of!(abi::Host, log) as u32;
    let (mut table, envelope) = (empty_table(), r#"{"host": {"account": "panics at the end"}}"#);
    assert_eq!(create("single", &raw const raw, envelope, &raw mut table), (abi::OK, String::new()));
    let (made, notices) = (Made { host, table }, lot(["ok"]));
    made.submit(&notices);
    made.shutdown(0);
    let told = made.host.told();
    assert!(matches!(told.as_slice(), [Told::Completed { .. }]), "{told:#?}");
}

#[test]
fn a_newer_host_is_served() {
    let host = std::sync::Arc::new(Host::default());
    let mut newer = Newer { known: host.raw(), appended: [u64::MAX; 4] };
    newer.known.size = size_of::<Newer<abi::Host>>() as u32;
    newer.known.abi_minor = 9;
    let mut table = empty_table();
    assert_eq!(create("single", &raw const newer.known, "{}", &raw mut table).0, abi::OK);
    let (made, notices) = (Made { host, table }, lot(["ok"]));
    made.submit(&notices);
    assert_eq!(made.host.completed(1)[0].1[0].status, abi::DELIVERED);
}

#[test]
fn a_host_of_another_major_or_without_what_is_required_is_refused() {
    let host = Host::default();
    let refused = |change: &dyn Fn(&mut abi::Host), why: &str| {
        let (mut raw, mut table) = (host.raw(), empty_table());
        change(&mut raw);
        let (status, error) = create("single", &raw const raw, "{}", &raw mut table);
        assert!(status == abi::FAILED && error.contains(why) && table.this.is_null(), "{error}");
    };
    refused(&|raw| raw.abi_major = 2, "major version 2");
    refused(&|raw| raw.complete = None, "no complete()");
    refused(&|raw| raw.size = offset_of!(abi::Host, complete) as u32, "no complete()");
    let mut table = empty_table();
    assert_eq!(create("single", std::ptr::null(), "{}", &raw mut table).0, abi::FAILED);
    assert_eq!(create("single", std::ptr::from_ref(&host.raw()), "{}", std::ptr::null_mut()).0, abi::FAILED);
}

#[test]
fn of_the_hosts_driver_only_what_lies_inside_its_size_is_written() {
    let host = std::sync::Arc::new(Host::default());
    let mut older = empty_table();
    older.size = offset_of!(abi::Driver, destroy) as u32;
    let (status, error) = create("single", std::ptr::from_ref(&host.raw()), "{}", &raw mut older);
    assert!(status == abi::FAILED && error.contains("destroy"), "{error}");
    assert!(older.this.is_null() && older.submit.is_none() && older.destroy.is_none());

    let mut newer = Newer { known: empty_table(), appended: [7; 4] };
    newer.known.size = size_of::<Newer<abi::Driver>>() as u32;
    let status = create("single", std::ptr::from_ref(&host.raw()), "{}", &raw mut newer.known).0;
    assert_eq!((status, newer.appended), (abi::OK, [7; 4]));
    assert_eq!(newer.known.size as usize, size_of::<Newer<abi::Driver>>(), "it is the host's own word");
    drop(Made { host, table: newer.known });
}

/// What `create` writes into an error of `size` bytes with room for `cap`.
fn written(size: usize, cap: u32) -> (String, usize) {
    let (host, mut table) = (Host::default().raw(), empty_table());
    let mut room = vec![b'.'; 64];
    let mut error = abi::Error { size: size as u32, cap, len: 99, text: room.as_mut_ptr().cast() };
    let envelope = json!({"driver": {"make": "refuse"}}).to_string();
    let made = entry().create.unwrap();
    // SAFETY: the room is larger than `cap`.
    let status = unsafe {
        made(index("single"), &raw const host, Bytes::of(envelope.as_bytes()), &raw mut table, &raw mut error)
    };
    assert_eq!(status, abi::INVALID);
    (String::from_utf8(room).unwrap().trim_end_matches('.').to_owned(), error.len)
}

#[test]
fn an_error_is_written_within_its_size_and_its_room() {
    let whole = size_of::<abi::Error>();
    // Two refusals do not fit, nor does one as JSON: its words do, cut.
    assert_eq!(written(whole, 9), ("/make: th".to_owned(), 9));
    assert_eq!(written(whole, 63).0, r#"[{"at":"/make","why":"this","fix":"make something else"}]"#);
    assert_eq!(written(whole, 0), (String::new(), 0));
    assert_eq!(written(offset_of!(abi::Error, text), 50), (String::new(), 99));
    assert_eq!(written(whole + 8, 9).1, 9);
}

#[test]
fn older_and_newer_recipients_and_parts_are_read_within_their_size() {
    let made = Made::new("single", "parts");
    let mut json = plain("ok");
    let mut part = nuncio_plugin_sdk::core::notice_json::PartJson::default();
    (part.name, part.content_id, part.data) = ("a".to_owned(), "cut".to_owned(), b"cut".to_vec());
    json.parts = vec![part];
    let notice = crate::notice::Raw::of(1, json);
    // SAFETY: the notice is ours, and nobody else looks at it yet.
    let mut part = unsafe { **notice.notice.parts };
    part.size = offset_of!(abi::Part, content_id) as u32;
    let parts = [&raw const part];
    let mut lent = *notice.notice;
    lent.parts = parts.as_ptr();
    made.submit_pointers(&[&raw const lent]);
    made.host.completed(1);
    let given = given("parts");
    let [read] = given[0].parts.as_slice() else { panic!("{given:?}") };
    assert_eq!(
        (read.name.as_str(), read.content_id.as_str(), read.data.as_slice()),
        ("a", "", b"".as_slice())
    );
    assert!(!made.host.told().iter().any(|one| matches!(one, Told::Logged { .. })));
}
