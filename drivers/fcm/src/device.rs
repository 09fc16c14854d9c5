//! A device: a registration token.

use nuncio_plugin_sdk::{Device, Refusal, accounts::Accounts};

use crate::account::Account;

/// Google gives no size of tokens; those of today have about 160 characters.
const CHARS: std::ops::RangeInclusive<usize> = 16..=4096;

/// `device` as it is kept.
pub(crate) fn checked(device: Device, accounts: &Accounts<Account>) -> Result<Device, Refusal> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
    if !CHARS.contains(&device.address.len()) || !device.address.chars().all(fits) {
        let why = "not a registration token: letters, digits, `-`, `_` and `:`, mostly about 160";
        let fix = "write what `getToken()` of the Firebase SDK gives the app, whole: `cR1p...:APA91b...`";
        return Err(Refusal::new("/address", why).fix(fix));
    }
    if let Some(name) = device.keys.keys().next() {
        return Err(Refusal::new(format!("/keys/{name}"), "devices of fcm have no keys").fix("leave it out"));
    }
    if let Some(name) = device.attributes.keys().next() {
        let why = "devices of fcm have no attributes";
        return Err(Refusal::new(format!("/attributes/{name}"), why).fix("leave it out"));
    }
    // Without accounts the driver is disabled, and what is registered waits for them.
    if !accounts.is_empty() {
        accounts.named(&device.account)?;
    }
    Ok(device)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_wrong_member_is_named_and_a_token_never_repeated() {
        let token = "cR1p-xyz_0:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx";
        let accounts = Accounts::new(BTreeMap::new(), None).unwrap();
        let refused = |change: fn(&mut Device)| {
            let mut device = Device::new("fcm", token);
            change(&mut device);
            checked(device, &accounts).map(|device| device.address).map_err(|refusal| refusal.to_string())
        };
        assert_eq!(refused(|_| {}).unwrap(), token);
        for (change, at) in [
            ((|d| d.address.clear()) as fn(&mut Device), "/address: "),
            (|d| d.address.push(' '), "/address: "),
            (|d| d.address.push_str("/../x"), "/address: "),
            (|d| drop(d.keys.insert("auth".into(), "x".into())), "/keys/auth: "),
            (|d| drop(d.attributes.insert("topic".into(), "x".into())), "/attributes/topic: "),
        ] {
            let error = refused(change).unwrap_err();
            assert!(error.starts_with(at) && !error.contains("cR1p-xyz"), "{error}");
        }
    }
}
