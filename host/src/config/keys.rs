//! The table of all keys. Names and defaults under `[queues]` are those of Zaqar's `[transport]`.

use std::time::Duration;

use super::key::{Key, Kind};

/// Every key with its default, unit and meaning, by section.
#[must_use]
pub const fn keys() -> &'static [Key] {
    KEYS
}

/// Keys of which the first must not be above the second.
pub(super) const ORDERED: &[(&str, &str)] = &[
    ("queues.default_message_ttl", "queues.max_message_ttl"),
    ("queues.default_message_delay", "queues.max_message_delay"),
    ("queues.min_length_client_id", "queues.max_length_client_id"),
    ("storage.checkpoint_bytes", "storage.wal_bytes"),
    ("delivery.first_slots", "delivery.max_slots"),
    ("delivery.max_slots", "delivery.max_in_flight"),
    ("delivery.probe_min", "delivery.probe_max"),
    ("delivery.deadline", "delivery.max_deadline"),
];

pub(super) const fn key(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    unit: &'static str,
    example: &'static str,
    doc: &'static str,
) -> Key {
    Key { name, kind, default, unit, doc, example }
}

const fn integer(min: u64, max: u64) -> Kind {
    Kind::Integer { min, max }
}

const fn time(min_ms: u64, max_secs: u64) -> Kind {
    Kind::Duration { min: Duration::from_millis(min_ms), max: Duration::from_secs(max_secs) }
}

const fn choice(now: &'static [&'static str], later: &'static [&'static str]) -> Kind {
    Kind::Choice { now, later }
}

const PAGE: Kind = integer(1, 1000);
const YEAR: u64 = 366 * 86_400;
const CENTURY: u64 = 100 * YEAR;

#[rustfmt::skip]
const KEYS: &[Key] = &[
    key("http.listen", Kind::Listen, r#""127.0.0.1:8888""#, "address:port", r#""127.0.0.1:9999""#,
        "Where the HTTP API listens; port 0 takes a free one. Only loopback addresses: this version has no authentication."),
    key("http.max_connections", integer(1, 100_000), "4096", "connections", "512",
        "The most connections that are served at once; more wait until one ends."),
    key("http.head_timeout", time(100, 3600), r#""30s""#, "duration", r#""10s""#,
        "How long a client may take to send the head of a request; its connection is closed then."),
    key("http.body_timeout", time(100, 3600), r#""60s""#, "duration", r#""10s""#,
        "How long a client may take to send the body of a request."),
    key("http.max_inbound_body", Kind::Bytes { min: 1 << 10, max: 64 << 20 }, r#""1 MiB""#, "bytes", r#""64 KiB""#,
        "The largest body of a request to `/v2/inbound`, and of a driver's answer to it."),
    key("storage.url", Kind::Store, r#""sqlite:nuncio-data/nuncio.db""#, "URL", r#""sqlite:/var/lib/nuncio/nuncio.db""#,
        "The database file; a relative path starts at the working directory. The file and its folder are made if need be."),
    key("storage.readers", integer(1, 64), "4", "connections", "8",
        "Connections to the database that read at once."),
    key("storage.pending_operations", integer(16, 1_000_000), "8192", "operations", "1024",
        "The most operations that wait for the writer; more requests wait up to `pending_time`."),
    key("storage.pending_bytes", Kind::Bytes { min: 1 << 20, max: 2 << 30 }, r#""64 MiB""#, "bytes", r#""256 MiB""#,
        "The most bytes of messages that wait for the writer; more requests wait up to `pending_time`."),
    key("storage.pending_time", time(0, 60), r#""5s""#, "duration", r#""1s""#,
        "How long a request waits for a place in front of the writer before it is answered with 503."),
    key("storage.commit_operations", integer(1, 1_000_000), "4096", "operations", "512",
        "The operations at which a commit takes no more."),
    key("storage.commit_bytes", Kind::Bytes { min: 1 << 16, max: 1 << 30 }, r#""8 MiB""#, "bytes", r#""2 MiB""#,
        "The bytes of messages at which a commit takes no more operations."),
    key("storage.linger", time(0, 1), r#""5ms""#, "duration", r#""1ms""#,
        "How long outcomes of deliveries wait for company before they are committed; a client is never kept waiting."),
    key("storage.index_bytes", Kind::Bytes { min: 1 << 20, max: 64 << 30 }, r#""64 MiB""#, "bytes", r#""256 MiB""#,
        "The most memory for who is subscribed to which queue; the queue that was not used for longest is forgotten first, and read again when it is."),
    key("storage.checkpoint_bytes", Kind::Bytes { min: 1 << 16, max: 16 << 30 }, r#""16 MiB""#, "bytes", r#""64 MiB""#,
        "The size of the write-ahead log at which it is copied back between commits."),
    key("storage.wal_bytes", Kind::Bytes { min: 1 << 20, max: 64 << 30 }, r#""64 MiB""#, "bytes", r#""256 MiB""#,
        "The size of the write-ahead log at which commits wait until it is copied back and cut."),
    key("storage.min_free", Kind::Bytes { min: 0, max: 1 << 50 }, r#""64 MiB""#, "bytes", r#""1 GiB""#,
        "The space left free on the disk of the database: below it nothing more is taken in (503), so that outcomes can still be written; 0 for none."),
    key("storage.max_bytes", Kind::Bytes { min: 0, max: 1 << 50 }, r#"0"#, "bytes", r#""20 GiB""#,
        "The most of the database file that is in use: from nine tenths of it on settled messages are deleted whatever their age, above it nothing more is taken in (503); 0 for no limit."),
    key("retention.settled", time(1_000, CENTURY), r#""7d""#, "duration", r#""24h""#,
        "How long a message is kept after the last of its deliveries was settled, if no queue holds it for pull."),
    key("retention.dead_letters", time(1_000, CENTURY), r#""30d""#, "duration", r#""90d""#,
        "How long a dead letter is kept, with its message and its attempts."),
    key("auth.strategy", choice(&["none"], &["token", "keystone"]), r#""none""#, "", r#""none""#,
        "How clients prove who they are. `none`: the project is what the `X-Project-ID` header says, on loopback only."),
    key("auth.admin_roles", Kind::Names, r#"["admin"]"#, "roles", r#"["admin", "operator"]"#,
        "Roles that may do everything: all of their project, and what concerns the host as a whole. Case does not count."),
    key("auth.member_roles", Kind::Names, r#"["member", "manager"]"#, "roles", r#"["member", "_member_"]"#,
        "Roles that may do everything of their project."),
    key("auth.reader_roles", Kind::Names, r#"["reader"]"#, "roles", r#"["reader", "auditor"]"#,
        "Roles that may look at the things of their project and change nothing."),
    key("auth.publisher_roles", Kind::Names, r#"["publisher"]"#, "roles", r#"["publisher", "sensor"]"#,
        "Roles that may post messages and send notifications, and nothing else."),
    key("notification.subscriber_types", Kind::Names, "", "schemes", r#"["https"]"#,
        "The URI schemes that may be subscribed and notified; without it, every scheme that has a driver."),
    key("notification.require_confirmation", choice(&["none"], &["mail", "all"]), r#""none""#, "", r#""none""#,
        "Which subscribers must confirm before they are sent anything."),
    key("queues.default_message_ttl", integer(60, YEAR), "3600", "seconds", "86400",
        "Life of a message for pull, where neither the message nor its queue says otherwise."),
    key("queues.default_message_delay", integer(0, YEAR), "0", "seconds", "10",
        "How long a new message is hidden from pull, where its queue does not say otherwise."),
    key("queues.default_subscription_ttl", integer(60, YEAR), "3600", "seconds", "604800",
        "Life of a subscription that names no ttl."),
    key("queues.max_message_ttl", integer(60, YEAR), "1209600", "seconds", "86400",
        "The longest life of a message for pull."),
    key("queues.max_message_delay", integer(0, YEAR), "900", "seconds", "60",
        "The longest delay of a message."),
    key("queues.max_queues_per_page", PAGE, "20", "queues", "100", "The most queues in one page."),
    key("queues.max_messages_per_page", PAGE, "20", "messages", "100", "The most messages in one page."),
    key("queues.max_subscriptions_per_page", PAGE, "20", "subscriptions", "100", "The most subscriptions in one page."),
    key("queues.max_messages_per_claim_or_pop", PAGE, "20", "messages", "100", "The most messages taken at once."),
    key("queues.max_queue_metadata", integer(1, 16 << 20), "65536", "bytes", "131072",
        "The largest metadata of a queue."),
    key("queues.max_messages_post_size", integer(1, 64 << 20), "262144", "bytes", "1048576",
        "The largest body of a POST of messages, and of a notification without its attachments."),
    key("queues.max_notification_size", integer(1, 64 << 20), "8388608", "bytes", "16777216",
        "The largest body of a notification with its attachments, which are base64; and the most that `send --attach` reads."),
    key("queues.max_messages", integer(1, 1_000_000_000_000), "1000000", "messages", "50000",
        "The most messages a queue holds; a POST beyond it is refused."),
    key("queues.max_attributes", integer(0, 1000), "32", "attributes", "10",
        "The most attributes of a message."),
    key("queues.max_attributes_size", integer(0, 1 << 20), "16384", "bytes", "4096",
        "The largest attributes of a message, as JSON."),
    key("queues.max_filters", integer(1, 1_000_000), "200", "filters", "1000",
        "The most different filters that the subscriptions of one queue have: each message is held against all of them."),
    key("queues.max_filter_keys", integer(1, 1000), "5", "keys", "10",
        "The most keys of a filter."),
    key("queues.max_filter_combinations", integer(1, 1_000_000), "150", "combinations", "500",
        "The most combinations of values of a filter: those of its keys multiplied, and in a body with the depth of the key."),
    key("queues.max_filter_size", integer(1, 16 << 20), "262144", "bytes", "65536",
        "The largest filter, as JSON."),
    key("queues.client_id_uuid_safe", choice(&["strict", "off"], &[]), r#""strict""#, "", r#""off""#,
        "`strict`: a Client-ID must be a UUID; `off`: any text between the two lengths below."),
    key("queues.min_length_client_id", integer(1, 256), "10", "characters", "1",
        "The shortest Client-ID when it need not be a UUID."),
    key("queues.max_length_client_id", integer(1, 256), "36", "characters", "64",
        "The longest Client-ID when it need not be a UUID."),
    key("delivery.max_in_flight", integer(1, 100_000), "1024", "attempts", "256",
        "The most attempts under way at once, over all drivers."),
    key("delivery.first_slots", integer(1, 10_000), "8", "attempts", "2",
        "How many attempts to a new destination may be under way at once; it grows with its answers in time."),
    key("delivery.max_slots", integer(1, 10_000), "64", "attempts", "16",
        "The most attempts to one destination that may be under way at once."),
    key("delivery.hot_deliveries", integer(1, 10_000_000), "20000", "deliveries", "5000",
        "The most deliveries held in memory; more wait in the store."),
    key("delivery.hot_bytes", Kind::Bytes { min: 1 << 20, max: 64 << 30 }, r#""64 MiB""#, "bytes", r#""256 MiB""#,
        "The most memory that messages held for delivery take."),
    key("delivery.max_backlog", integer(0, 1_000_000_000_000), "10000000", "deliveries", "100000",
        "The most deliveries accepted and not settled; a POST beyond it is answered 503; 0 for no limit."),
    key("delivery.undurable_outcomes", integer(1, 1_000_000), "4096", "outcomes", "512",
        "The most outcomes not yet on disk; beyond it nothing new is tried. With what is in flight this bounds the duplicates after a crash."),
    key("delivery.breaker_failures", integer(1, 10_000), "20", "failures", "5",
        "After how many failures in a row a destination is taken to be down."),
    key("delivery.breaker_span", time(1, YEAR), r#""30s""#, "duration", r#""2m""#,
        "Over at least which time those failures must be spread."),
    key("delivery.probe_min", time(1, YEAR), r#""30s""#, "duration", r#""10s""#,
        "How often a destination that is down is tried at first; then twice as long each time."),
    key("delivery.probe_max", time(1, YEAR), r#""10m""#, "duration", r#""1h""#,
        "How seldom a destination that is down is tried at last."),
    key("delivery.deadline", time(1, 3600), r#""30s""#, "duration", r#""10s""#,
        "Total time of one attempt: connect, send and answer."),
    key("delivery.max_deadline", time(1, 3600), r#""5m""#, "duration", r#""1m""#,
        "The longest deadline that a subscription may ask for."),
    key("delivery.retry", Kind::Retry,
        r#"{ schedule = ["0s", "1s", "5s", "30s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"] }"#, "",
        r#"{ schedule = ["0s", "10s", "1m"] }"#,
        "When a failed delivery is tried again, where neither subscription nor queue says otherwise: the delay before retry 1, 2, ...; then it is dead."),
    key("delivery.allow_networks", Kind::Networks, "[]", "networks", r#"["10.1.0.0/16"]"#,
        "Private networks that subscriber URIs may lead to; loopback too is private."),
    key("delivery.allow_hosts", Kind::Names, "[]", "host names", r#"["hooks.internal"]"#,
        "Host names that may lead to private addresses."),
    key("delivery.max_recipients", integer(1, 1_048_574), "10000", "recipients", "100",
        "The most recipients of one message."),
    key("delivery.idempotency_ttl", time(1_000, YEAR), r#""24h""#, "duration", r#""1h""#,
        "How long an idempotency key of a notification is remembered."),
    key("delivery.shutdown_grace", time(0, 3600), r#""30s""#, "duration", r#""5s""#,
        "How long attempts under way may still take when the host stops; what is cut off is tried again after the next start."),
    key("delivery.disable_after", time(1_000, YEAR), r#""5d""#, "duration", r#""12h""#,
        "A subscription of which every attempt failed for so long is disabled: it matches nothing new until it is changed or enabled."),
    key("events.queue", Kind::QueueName, "", "", r#""nuncio-events""#,
        "The queue to which events of operation are posted, in the project that they are about; it is made if need be. Without it they are only logged."),
    key("events.project", Kind::Project, "", "", r#""operators""#,
        "The one project to whose queue all events go, instead of each to its own project."),
    key("jobs.slice", integer(1, 100_000), "256", "deliveries", "64",
        "The most deliveries that one commit of a replay or a cancellation by filter changes."),
    key("jobs.max_running", integer(1, 10_000), "16", "jobs", "4",
        "The most replays and cancellations of one project that run at once; one more is refused."),
    key("jobs.keep", time(1_000, YEAR), r#""7d""#, "duration", r#""24h""#,
        "How long a replay or cancellation is shown after its end, and its idempotency key remembered."),
    key("log.level", Kind::Levels, r#""info""#, "", r#""warn,nuncio_host::delivery=debug""#,
        "What is logged: error, warn, info, debug or trace, also by module."),
    key("log.format", choice(&["text", "json"], &[]), r#""text""#, "", r#""json""#,
        "How a line of the log is written."),
];
