//! Who must be asked, and what is written to them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use bytes::Bytes;
use nuncio_core::{
    Attributes, ContentForm, Dispatcher, Kind, LaneRules, Options, PublicIds, SubscriptionId,
    uri::{MAIL, mailbox},
};
use serde_json::{Map, Value, json};

use super::{Link, Purpose, document::document, letter::letter};
use crate::{
    config::{Config, Confirm},
    render::{Rendered, Renderer},
    signed::Signer,
    storage::{Addressee, Asking, Draft, NewTarget, Question, Wording},
    times,
    websocket::driver,
};

/// Knows who must be asked, and writes to them.
#[derive(Clone)]
pub struct Desk(Arc<Tools>);

struct Tools {
    config: Arc<Config>,
    signer: Signer,
    ids: PublicIds,
    renderer: Arc<Renderer>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("asks", &self.0.config.notification.require_confirmation).finish()
    }
}

/// A queue of a project.
#[derive(Clone, Copy, Debug)]
pub struct Queue<'a> {
    /// The project.
    pub project: &'a str,
    /// The queue or topic, as the store calls it.
    pub name: &'a str,
}

/// A subscriber as it is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subscriber<'a> {
    /// The scheme of its URI, lower case.
    pub(crate) scheme: &'a str,
    /// Its canonical URI.
    pub(crate) key: &'a str,
    /// Where it leads.
    pub(crate) target: &'a NewTarget,
    /// What its driver sends.
    pub(crate) form: ContentForm,
}

impl Desk {
    /// Writes by `config`, signed by `signer`.
    #[must_use]
    pub fn new(config: Arc<Config>, signer: Signer, ids: PublicIds, renderer: Arc<Renderer>) -> Self {
        Self(Arc::new(Tools { config, signer, ids, renderer }))
    }

    /// The public id of a subscription.
    #[must_use]
    pub fn public(&self, id: SubscriptionId) -> String {
        self.0.ids.subscription(id).to_string()
    }

    /// Whether subscribers of `scheme` must confirm.
    #[must_use]
    pub fn asks(&self, scheme: &str) -> bool {
        match self.0.config.notification.require_confirmation {
            Confirm::None => false,
            Confirm::Mail => scheme == MAIL,
            // Whoever holds a connection has asked for what comes over it.
            Confirm::All => scheme != driver::NAME,
        }
    }

    /// Whether nobody but the owner of the address can confirm. A mailbox is somebody's: whoever has a project must not
    /// agree in that one's place.
    #[must_use]
    pub fn trusts_owner_alone(&self, scheme: &str) -> bool {
        scheme == MAIL && self.asks(scheme)
    }

    /// Why people cannot be asked, where they must be.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        obstacle(&self.0.config)
    }

    /// Whom to ask of a subscriber, and how; `None` where nobody must be. An answer is taken for `ttl` seconds.
    pub(crate) fn asking(
        &self,
        kind: Kind,
        of: Queue<'_>,
        subscriber: Subscriber<'_>,
        ttl: i64,
    ) -> Option<Asking> {
        if !self.asks(subscriber.scheme) {
            return None;
        }
        let notification = &self.0.config.notification;
        let of_host = (notification.max_confirmations_per_host, "notification.max_confirmations_per_host");
        let addressees = if subscriber.scheme == MAIL {
            let most = (notification.max_confirmations, "notification.max_confirmations");
            let one = |address: &String| self.mailbox(subscriber.target, address, most);
            subscriber.target.addresses.iter().map(one).collect()
        } else {
            let (address, counted) = (subscriber.key.to_owned(), subscriber.target.destination.clone());
            vec![Addressee { address, counted, most: of_host, target: None }]
        };
        Some(Asking {
            of: addressees,
            wording: self.wording(kind, of, subscriber.form),
            ttl,
            period_ms: i64::try_from(notification.confirmation_period.as_millis()).unwrap_or(i64::MAX),
        })
    }

    /// A mailbox is asked by a mail of the host's own: nothing in it is what a tenant wrote but the queue's name.
    fn mailbox(&self, target: &NewTarget, address: &str, most: (u64, &'static str)) -> Addressee {
        let uri = mailbox(address);
        let mut options = Map::new();
        if let Some(sender) = &self.0.config.notification.confirmation_sender {
            options.insert("from".to_owned(), sender.clone().into());
        }
        let target = NewTarget {
            driver: target.driver.clone(),
            destination: target.destination.clone(),
            lane_key: String::new(),
            rules: LaneRules::default(),
            redacted: uri.clone(),
            uri,
            addresses: vec![address.to_owned()],
            options: Options(options),
        };
        Addressee { address: address.to_owned(), counted: counted(address), most, target: Some(target) }
    }

    fn wording(&self, kind: Kind, of: Queue<'_>, form: ContentForm) -> Option<Wording> {
        if form != ContentForm::Raw && self.obstacle().is_some() {
            return None;
        }
        let (tools, project, queue) = (Arc::clone(&self.0), of.project.to_owned(), of.name.to_owned());
        Some(Wording::new(move |Question { subscription, expires, .. }| {
            let link = Link::new(&project, &queue, &tools.ids, subscription, expires);
            let body = match form {
                ContentForm::Raw => {
                    let root = tools.config.http.public_url.as_deref();
                    document(kind, &link, &tools.signer, root)?
                }
                _ => tools.letter(kind, &link)?,
            };
            Some(draft(&body, tools.config.queues.default_message_ttl))
        }))
    }

    /// Where the recipient of a mail of `subscription`, which was accepted at `created`, unsubscribes.
    pub(crate) fn unsubscribe_url(
        &self,
        of: Queue<'_>,
        subscription: SubscriptionId,
        created: i64,
    ) -> Option<String> {
        let Tools { config, signer, ids, .. } = &*self.0;
        let root = config.http.public_url.as_deref().filter(|_| self.asks(MAIL))?;
        let life = i64::try_from(config.notification.unsubscribe_ttl.as_millis()).unwrap_or(i64::MAX);
        let link = Link::new(of.project, of.name, ids, subscription, created.saturating_add(life));
        let query = link.query(Purpose::Unsubscribe, signer, None)?;
        Some(format!("{root}/v2/{}?{query}", Purpose::Unsubscribe.name()))
    }
}

/// Why people cannot be asked, where they must be: a page is missing on which they could answer.
fn obstacle(config: &Config) -> Option<String> {
    let notification = &config.notification;
    let page = config.http.public_url.is_some() || notification.external_confirmation_url.is_some();
    if page || notification.require_confirmation == Confirm::None {
        return None;
    }
    Some(
        "mail subscriptions stay inactive, since there is no page on which their owners could confirm: set [http] \
         public_url or [notification] external_confirmation_url, or require_confirmation = \"none\""
            .to_owned(),
    )
}

/// As [`Desk::obstacle`], where there is a driver that could send mail.
#[must_use]
pub fn unanswerable(config: &Config, drivers: &Dispatcher) -> Option<String> {
    let mail = drivers.by_scheme(MAIL).filter(|entry| entry.driver.disabled().is_none());
    mail.and_then(|_| obstacle(config))
}

impl Tools {
    fn letter(&self, kind: nuncio_core::Kind, link: &Link) -> Option<Value> {
        let notification = &self.config.notification;
        let root = self.config.http.public_url.as_deref();
        let page = match &notification.external_confirmation_url {
            Some(page) => page.clone(),
            None => format!("{}/v2/{}", root?, Purpose::Confirm.name()),
        };
        let query = link.query(Purpose::Confirm, &self.signer, Some(root.unwrap_or_default()))?;
        let url = format!("{page}?{query}");
        let template = match kind {
            Kind::Unsubscribe => &notification.unsubscribe_template,
            _ => &notification.confirmation_template,
        };
        let made = template.as_ref().and_then(|name| {
            let about = json!({
                "queue": link.name(), "project": link.project, "url": url, "expires": times::minute(link.expires),
            });
            self.renderer
                .alone(name, &about)
                .inspect_err(|error| tracing::error!(%error, "the built-in text is sent instead"))
                .ok()
        });
        let Rendered { subject, text, html, .. } = made.unwrap_or_else(|| letter(kind, link, &url));
        Some(json!({"subject": subject, "text": text, "html": html}))
    }
}

fn draft(body: &Value, ttl: i64) -> Draft {
    Draft {
        content_type: "application/json".to_owned(),
        headers: BTreeMap::new(),
        attributes: Attributes::default(),
        body: Bytes::from(body.to_string()),
        ttl,
        delay: None,
        deliver_at: 0,
        deliver_until: 0,
    }
}

/// Under what a mailbox is counted: letters of both cases, quotes, dots and what stands behind a `+` lead to the same one
/// somewhere, and whoever wants to flood somebody would use them all.
fn counted(address: &str) -> String {
    let address = address.to_lowercase();
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let local = unquoted(local);
            let mailbox = local.split_once('+').map_or(&*local, |(mailbox, _)| mailbox).replace('.', "");
            format!("{MAIL}:{mailbox}@{domain}")
        }
        None => address,
    }
}

/// A local part without its quotes, which mean nothing (RFC 5321, section 4.1.2).
fn unquoted(local: &str) -> String {
    let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return local.to_owned();
    };
    let (mut plain, mut chars) = (String::new(), inner.chars());
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_core::SubscriberUri;
    use proptest::prelude::*;

    #[test]
    fn one_mailbox_is_counted_once_however_it_is_written() {
        assert_eq!(counted("Ann+Shop@Example.ORG"), counted("ann@example.org"));
        for same in
            [r#""ann"@example.org"#, r#""a\nn"@example.org"#, r#""\a\n\n+x"@example.org"#, "a.nn@example.org"]
        {
            assert_eq!(counted(same), counted("ann@example.org"), "{same}");
        }
        assert_ne!(counted("ann@example.org"), counted("bob@example.org"));
    }

    #[test]
    fn without_a_page_to_answer_on_there_is_an_obstacle_unless_nobody_is_asked() {
        let mut config = Config::default();
        assert!(obstacle(&config).unwrap().contains("public_url"));
        config.http.public_url = Some("https://h".to_owned());
        assert_eq!(obstacle(&config), None);
        config.http.public_url = None;
        config.notification.require_confirmation = Confirm::None;
        assert_eq!(obstacle(&config), None);
    }

    proptest! {
        #[test]
        fn an_address_is_asked_under_its_own_name(local in "[!#-'*+/-9=?A-Z^-~.-]{1,20}") {
            let address = format!("{local}@example.org");
            if let Ok(uri) = SubscriberUri::parse(&mailbox(&address)) {
                prop_assert_eq!(uri.addresses(), vec![address]);
            }
        }
    }
}
