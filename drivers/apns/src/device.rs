//! A device: a token, and what is known of it.

use nuncio_plugin_sdk::{Device, Refusal, accounts::Accounts};

use crate::{account::Account, settings::Environment};

/// Apple gives no size of tokens; those of today are 32 bytes of apps, and up to 160 of live activities.
const HEX_CHARS: std::ops::RangeInclusive<usize> = 64..=400;
const ATTRIBUTES: &[&str] = &["environment", "topic"];

/// `device` as it is kept: the token in lower case.
pub(crate) fn checked(mut device: Device, accounts: &Accounts<Account>) -> Result<Device, Refusal> {
    device.address = token(&device.address)?;
    if let Some(name) = device.keys.keys().next() {
        return Err(Refusal::new(format!("/keys/{name}"), "devices of apns have no keys").fix("leave it out"));
    }
    if let Some(name) = device.attributes.keys().find(|name| !ATTRIBUTES.contains(&name.as_str())) {
        let why = "not an attribute of apns";
        return Err(Refusal::new(format!("/attributes/{name}"), why).fix("write `topic` or `environment`"));
    }
    // Without accounts the driver is disabled, and what is registered waits for them.
    let account = if accounts.is_empty() { None } else { Some(accounts.named(&device.account)?) };
    match device.attributes.get("topic") {
        Some(topic) => check_topic(topic, "/attributes/topic")?,
        None if account.is_some_and(|account| account.topic.is_none() && account.tokens.is_some()) => {
            let why = "the account has no topic, and the device has none";
            return Err(Refusal::new("/attributes/topic", why)
                .fix("write the app's bundle id, like `com.example.app`"));
        }
        None => {}
    }
    let Some(written) = device.attributes.get("environment") else { return Ok(device) };
    let Some(environment) = Environment::read(written) else {
        let why = "neither `production` nor `sandbox`";
        return Err(Refusal::new("/attributes/environment", why)
            .fix("write `sandbox` for an app that Xcode put there, else `production`"));
    };
    match account.filter(|account| account.environment != environment) {
        None => Ok(device),
        Some(account) => {
            let why = format!("the account `{}` is of `{}`", account.name, account.environment.name());
            Err(Refusal::new("/attributes/environment", why)
                .fix(format!("name an account whose environment is `{}`", environment.name())))
        }
    }
}

/// A token in hexadecimal, as it is sent. Nothing of it is repeated.
fn token(text: &str) -> Result<String, Refusal> {
    let fix = "write the bytes of the token in hexadecimal, mostly 64 digits: \
               `00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0`";
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Refusal::new("/address", "the token has something else than hexadecimal digits").fix(fix));
    }
    if !HEX_CHARS.contains(&text.len()) || text.len() % 2 == 1 {
        let why = format!("a token of {} hexadecimal digits", text.len());
        return Err(Refusal::new("/address", why).fix(fix));
    }
    Ok(text.to_ascii_lowercase())
}

/// A topic: a bundle id, perhaps with a suffix as `.voip`.
pub(crate) fn check_topic(topic: &str, at: impl Into<String>) -> Result<(), Refusal> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if (1..=255).contains(&topic.len()) && topic.chars().all(fits) {
        return Ok(());
    }
    Err(Refusal::new(at, "not a topic").fix("write the app's bundle id, like `com.example.app`"))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use nuncio_plugin_sdk::serde_json::{Value, json};
    use proptest::prelude::*;

    use super::*;
    use crate::account::accounts;

    /// Made once: each account reads the system's roots.
    static ACCOUNTS: LazyLock<Accounts<Account>> = LazyLock::new(|| {
        let sandbox = json!({"environment": "sandbox"});
        let own = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let key = own.serialize_pem();
        let account = |more: &Value| {
            let mut one = json!({"team_id": "DEF123GHIJ", "key_id": "ABC123DEFG", "key": key});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        let app = account(&json!({"topic": "com.example.app"}));
        let settings = json!({"default_account": "app", "accounts": {"app": app, "dev": account(&sandbox)}});
        accounts(serde_json::from_value(settings).unwrap()).unwrap()
    });

    fn device(change: impl FnOnce(&mut Device)) -> Result<Device, String> {
        let mut device = Device::new("apns", "AB".repeat(32));
        change(&mut device);
        checked(device, &ACCOUNTS).map_err(|refusal| refusal.to_string())
    }

    fn attribute(device: &mut Device, name: &str, value: &str) {
        device.attributes.insert(name.to_owned(), value.to_owned());
    }

    #[test]
    fn a_token_is_kept_in_lower_case() {
        assert_eq!(device(|_| {}).unwrap().address, "ab".repeat(32));
        assert!(device(|device| device.address = "ab".repeat(80)).is_ok());
    }

    #[test]
    fn a_wrong_member_is_named_and_a_token_never_repeated() {
        for (change, at) in [
            (Box::new(|d: &mut Device| d.address.clear()) as Box<dyn FnOnce(&mut Device)>, "/address: "),
            (
                Box::new(|d| d.address = format!("<{}>", "ab".repeat(32))),
                "/address: the token has something else",
            ),
            (Box::new(|d| d.address = "abc".repeat(23)), "/address: a token of 69 hexadecimal digits"),
            (Box::new(|d| d.account = "nobody".into()), "/account: there is no account `nobody`"),
            (Box::new(|d| drop(d.keys.insert("p256dh".into(), "x".into()))), "/keys/p256dh: "),
            (Box::new(|d| attribute(d, "bundle", "x")), "/attributes/bundle: not an attribute"),
            (Box::new(|d| attribute(d, "topic", "com example")), "/attributes/topic: not a topic"),
            (Box::new(|d| attribute(d, "environment", "test")), "/attributes/environment: neither"),
            (
                Box::new(|d| attribute(d, "environment", "sandbox")),
                "/attributes/environment: the account `app` is of `production`",
            ),
            (Box::new(|d| d.account = "dev".into()), "/attributes/topic: the account has no topic"),
        ] {
            let error = device(change).unwrap_err();
            assert!(error.starts_with(at) && !error.contains("abab"), "{error}");
        }
    }

    #[test]
    fn a_device_of_the_other_environment_names_its_account() {
        let right = device(|device| {
            device.account = "dev".to_owned();
            attribute(device, "environment", "sandbox");
            attribute(device, "topic", "com.example.app");
        });
        assert_eq!(right.unwrap().account, "dev");
    }

    proptest! {
        #[test]
        fn any_token_is_kept_as_it_is_sent_or_refused(text in "[0-9a-fA-F]{60,70}|\\PC{0,80}") {
            match token(&text) {
                Ok(kept) => prop_assert!(kept.len() % 2 == 0 && kept.eq_ignore_ascii_case(&text)),
                Err(refusal) => prop_assert!(text.len() < 8 || !refusal.to_string().contains(&text)),
            }
        }
    }
}
