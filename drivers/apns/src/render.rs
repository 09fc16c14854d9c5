//! From a notice to a request.

use aws_lc_rs::digest::{SHA256, digest};
use nuncio_plugin_sdk::{
    Device, Notice, Refusal,
    http::{Bytes, HeaderMap, HeaderName, HeaderValue, Request},
    push::Push,
    serde_json::Value,
};

use crate::{
    account::Account,
    options::{MAX_TTL_S, Wanted},
    payload::payload,
};

/// A request, but for who sends it.
pub(crate) struct Letter {
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// Its `apns-id`.
    pub(crate) id: String,
    /// Its type is one that the subscription chose.
    pub(crate) typed: bool,
}

/// The letter of `notice` by `account` to a device with this topic.
pub(crate) fn letter(notice: &Notice<'_>, account: &Account, topic: Option<&str>) -> Result<Letter, Refusal> {
    let wanted = Wanted::read(notice.options)?;
    let push = Push::of(notice, "apns")?;
    let push_type = wanted.push_type(&push);
    let body = payload(&push, push_type, &wanted)?;
    let id = apns_id(notice.id);
    let mut headers = HeaderMap::new();
    let mut put = |name: &'static str, value: &str| {
        let wrong = |_| Refusal::new("/attributes/topic", "not a topic");
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).map_err(wrong)?);
        Ok::<_, Refusal>(())
    };
    put("apns-id", &id)?;
    put("apns-push-type", push_type.name())?;
    put("apns-priority", &wanted.priority(push_type).to_string())?;
    put("apns-expiration", &expiration(notice, wanted.ttl).to_string())?;
    if let Some(topic) = topic.or(account.topic.as_deref()) {
        put("apns-topic", topic)?;
    }
    if let Some(collapse_id) = wanted.collapse_id {
        headers.insert(HeaderName::from_static("apns-collapse-id"), collapse_id);
    }
    Ok(Letter { headers, body, id, typed: wanted.push_type.is_some() })
}

impl Letter {
    /// The request to `device`, sent with `bearer` where the account has tokens.
    pub(crate) fn request(
        self,
        account: &Account,
        device: &Device,
        bearer: Option<HeaderValue>,
    ) -> Option<Request<Bytes>> {
        let mut request = Request::post(format!("{}/3/device/{}", account.url, device.address))
            .body(Bytes::from(self.body))
            .ok()?;
        *request.headers_mut() = self.headers;
        request
            .headers_mut()
            .extend(bearer.map(|bearer| (nuncio_plugin_sdk::http::header::AUTHORIZATION, bearer)));
        Some(request)
    }

    /// What a dry run shows: the token and who sends are masked.
    pub(crate) fn shown(&self, account: &Account) -> String {
        let mut text = format!("POST {}/3/device/***\n", account.url);
        if account.tokens.is_some() {
            text.push_str("authorization: bearer ***\n");
        }
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {}\n", value.to_str().unwrap_or("***")));
        }
        let pretty =
            serde_json::from_str::<Value>(&self.body).and_then(|value| serde_json::to_string_pretty(&value));
        format!("{text}\n{}", pretty.as_deref().unwrap_or(&self.body))
    }
}

/// When Apple may give it up, in Unix seconds, 0 for now or never: the subscription's wish, else the most that Apple keeps.
/// The life of the message says nothing of it, since that is about pull.
fn expiration(notice: &Notice<'_>, ttl: Option<u32>) -> i64 {
    match ttl.unwrap_or(MAX_TTL_S) {
        0 => 0,
        ttl => (notice.created_ms.div_euclid(1000) + i64::from(ttl)).max(1),
    }
}

/// The `apns-id` of a delivery, the same on each of its attempts: RFC 9562, section 5.8, of the SHA-256 of its id.
fn apns_id(delivery: &str) -> String {
    let hash = digest(&SHA256, delivery.as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash.as_ref()).for_each(|(byte, from)| *byte = *from);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().hyphenated().to_string()
}

#[cfg(test)]
mod tests {
    use nuncio_plugin_sdk::{Options, SubscriberUri};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_id_of_a_delivery_is_a_uuid_that_stays() {
        let id = apns_id("msg_p5jXN8AQM9LWM0D4loKWxJek");
        assert_eq!(id, apns_id("msg_p5jXN8AQM9LWM0D4loKWxJek"));
        assert_ne!(id, apns_id("msg_p5jXN8AQM9LWM0D4loKWxJel"));
        let read = Uuid::parse_str(&id).unwrap();
        assert_eq!((read.get_version_num(), read.hyphenated().to_string()), (8, id));
    }

    #[test]
    fn it_expires_when_the_subscription_says_and_not_with_what_can_be_pulled() {
        let (uri, options) = (SubscriberUri::parse("apns:a").unwrap(), Options::default());
        let mut notice = Notice::new("d", &uri, &[], &options);
        notice.created_ms = 1_700_000_000_999;
        notice.meta.ttl = 60;
        assert_eq!(expiration(&notice, None), 1_700_000_000 + 30 * 86_400);
        assert_eq!(expiration(&notice, Some(5)), 1_700_000_005);
        assert_eq!(expiration(&notice, Some(0)), 0);
    }
}
