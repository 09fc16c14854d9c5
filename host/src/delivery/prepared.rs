//! A dispatch on its way to the driver, with everything that its notice borrows.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use nuncio_core::{
    Entry, Message, Meta, Notice, Part, Recipient, SubscriberUri,
    engine::{End, Job},
};

use super::targets::Ready;
use crate::{place::plain, render::Rendered};

/// A recipient: its number, and its place in the target.
pub(super) type Place = (u32, usize);

/// What a notice borrows, owned: it outlives the attempt where a batch needs it.
pub(super) struct Prepared {
    pub(super) ready: Arc<Ready>,
    pub(super) message: Arc<Message>,
    pub(super) entry: Entry,
    pub(super) uri: Arc<SubscriberUri>,
    /// The public id of the delivery.
    pub(super) id: String,
    /// The public id of the message.
    pub(super) public: String,
    pub(super) content: Rendered,
    /// The recipients that still want it.
    pub(super) open: Vec<Place>,
    pub(super) attempt: u32,
    /// When the attempt began, Unix milliseconds.
    pub(super) began: i64,
    /// Where the recipients of a mail unsubscribe.
    pub(super) unsubscribe: Option<String>,
}

/// A [`Prepared`] with the lists that its notice borrows.
pub(super) struct Opened<'a> {
    prepared: &'a Prepared,
    recipients: Vec<Recipient<'a>>,
    parts: Vec<Part<'a>>,
    headers: Cow<'a, BTreeMap<String, String>>,
}

impl Prepared {
    /// The recipients with their addresses.
    pub(super) fn recipients(&self) -> impl Iterator<Item = Recipient<'_>> {
        let recipient = |&(index, place)| Some(Recipient::new(index, self.ready.address(place)?));
        self.open.iter().filter_map(recipient)
    }

    /// What its notice borrows.
    pub(super) fn opened(&self) -> Opened<'_> {
        let (recipients, parts) = (self.recipients().collect(), self.content.parts());
        let mut headers = self.message.told_headers();
        if let Some(url) = &self.unsubscribe {
            headers.to_mut().extend(unsubscribing(url));
        }
        Opened { prepared: self, recipients, parts, headers }
    }
}

impl Opened<'_> {
    /// The notice.
    pub(super) fn notice(&self) -> Notice<'_> {
        let Prepared { ready, message, content, .. } = self.prepared;
        let mut notice =
            Notice::new(&self.prepared.id, &self.prepared.uri, &self.recipients, &ready.view.options);
        notice.attempt = self.prepared.attempt;
        notice.now_ms = self.prepared.began;
        notice.created_ms = message.created;
        let deadline = i64::try_from(ready.deadline.as_millis()).unwrap_or(i64::MAX);
        notice.deadline_ms = self.prepared.began.saturating_add(deadline);
        notice.content_type = &message.content_type;
        notice.body = &message.body;
        notice.content = content.content(&self.parts);
        notice.meta = meta(ready, message, &self.headers, &self.prepared.public);
        notice
    }
}

/// RFC 2369, section 3.2, and where the far side may be trusted to be this host, RFC 8058.
fn unsubscribing(url: &str) -> impl Iterator<Item = (String, String)> {
    let one_click =
        url.starts_with("https:").then(|| ("list-unsubscribe-post", "List-Unsubscribe=One-Click".to_owned()));
    let all = std::iter::once(("list-unsubscribe", format!("<{url}>"))).chain(one_click);
    all.map(|(name, value)| (name.to_owned(), value))
}

/// Where `message`, whose public id is `public`, comes from, with `headers` as they are told.
pub(super) fn meta<'a>(
    ready: &'a Ready,
    message: &Message,
    headers: &'a BTreeMap<String, String>,
    public: &'a str,
) -> Meta<'a> {
    let mut meta = Meta::EMPTY;
    meta.project = &ready.view.project;
    meta.queue = plain(&ready.view.queue);
    meta.subscription = &ready.subscription;
    meta.message = public;
    meta.kind = message.kind;
    meta.ttl = message.ttl;
    meta.delay = message.delay;
    meta.headers = headers;
    meta
}

/// The recipients of `job` that still want it; and how it ends for those that were taken out of the subscription, or
/// that must not be used again.
pub(super) fn open(job: &Job, ready: &Ready) -> (Vec<Place>, Vec<(u32, End)>) {
    let (mut stay, mut out) = (Vec::with_capacity(job.open.len()), Vec::new());
    for open in &job.open {
        let place = (open.idx - job.first) as usize;
        match ready.address(place) {
            Some(address) if ready.is_gone(address) => out.push((open.idx, End::Suppressed)),
            Some(_) => stay.push((open.idx, place)),
            None => out.push((open.idx, End::Cancelled)),
        }
    }
    (stay, out)
}
