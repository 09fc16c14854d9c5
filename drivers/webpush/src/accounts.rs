//! The accounts, and which one a browser belongs to.

use std::collections::BTreeMap;

use nuncio_plugin_sdk::{Device, Refusal};

use crate::vapid::Signer;

/// What a device says that was registered without an account.
const NONE: &str = "default";

/// The attribute of a device that holds the public key which its page subscribed with (`applicationServerKey`).
pub(crate) const KEY: &str = "key";

/// The accounts by name.
pub(crate) struct Accounts {
    signers: BTreeMap<String, Signer>,
    default: Option<String>,
}

impl Accounts {
    /// These accounts, of which `default` is the one of browsers that name none.
    pub(crate) fn new(signers: BTreeMap<String, Signer>, default: Option<String>) -> Self {
        Self { signers, default }
    }

    /// Whether there is none.
    pub(crate) fn none(&self) -> bool {
        self.signers.is_empty()
    }

    /// The account that a device belongs to, with its name: a subscription is bound for good to the key that its page
    /// subscribed with, which the device keeps in the attribute [`KEY`], whatever becomes the default later.
    ///
    /// # Errors
    /// There is no such account, or it has another key.
    pub(crate) fn of(&self, device: &Device) -> Result<(&str, &Signer), Refusal> {
        let name = device.account.as_str();
        let unnamed = name.is_empty() || (name == NONE && !self.signers.contains_key(NONE));
        let key = device.attributes.get(KEY);
        let fits = |(one, signer): &(&String, &Signer)| match key {
            Some(key) if signer.public() != key => false,
            Some(_) => unnamed || *one == name,
            None if unnamed => self.default.as_ref() == Some(*one),
            None => *one == name,
        };
        let found = self.signers.iter().find(fits);
        found
            .map(|(name, signer)| (name.as_str(), signer))
            .ok_or_else(|| self.missing(name, unnamed, key.is_some()))
    }

    fn missing(&self, name: &str, unnamed: bool, keyed: bool) -> Refusal {
        let names: Vec<_> = self.signers.keys().map(String::as_str).collect();
        let named = format!("name one of {}", names.join(", "));
        if names.is_empty() {
            Refusal::new("/account", "there is no account")
                .fix("add [drivers.webpush.accounts.NAME] to the configuration")
        } else if keyed && let Some(signer) = self.signers.get(name) {
            let fix = format!("let the browser subscribe with {}", signer.public());
            Refusal::new(format!("/attributes/{KEY}"), "not the public key of the account").fix(fix)
        } else if keyed && unnamed {
            let default = self.default.as_ref().and_then(|name| self.signers.get(name));
            let one = default.map_or("the public key of one", Signer::public);
            let fix = format!("let the browser subscribe with {one}");
            Refusal::new(format!("/attributes/{KEY}"), "no account has this public key").fix(fix)
        } else if unnamed {
            Refusal::new("/account", "there are several accounts, and no default_account").fix(named)
        } else {
            Refusal::new("/account", "no account has this name").fix(named)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vapid::tests::{PUBLIC, RAW};

    fn accounts(names: &[&str], default: Option<&str>) -> Accounts {
        let signer = || Signer::of(RAW, "mailto:ops@example.org").ok().unwrap();
        Accounts::new(
            names.iter().map(|name| ((*name).to_owned(), signer())).collect(),
            default.map(str::to_owned),
        )
    }

    fn of(accounts: &Accounts, name: &str, key: Option<&str>) -> Result<String, String> {
        let mut device = Device::new("webpush", "");
        name.clone_into(&mut device.account);
        device.attributes.extend(key.map(|key| (KEY.to_owned(), key.to_owned())));
        let found = accounts.of(&device).map(|(name, _)| name.to_owned());
        found.map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn a_browser_without_an_account_belongs_to_the_default_one() {
        let two = accounts(&["blog", "shop"], Some("shop"));
        assert_eq!(of(&two, "", None), Ok("shop".to_owned()));
        assert_eq!(of(&two, "default", None), Ok("shop".to_owned()));
        assert_eq!(of(&two, "blog", None), Ok("blog".to_owned()));
        assert_eq!(
            of(&two, "club", None).unwrap_err(),
            "/account: no account has this name; name one of blog, shop"
        );
        assert_eq!(of(&accounts(&["default"], Some("default")), "default", None), Ok("default".to_owned()));
        let error = of(&accounts(&["blog", "shop"], None), "", None).unwrap_err();
        assert_eq!(
            error,
            "/account: there are several accounts, and no default_account; name one of blog, shop"
        );
        assert!(of(&accounts(&[], None), "", None).unwrap_err().contains("[drivers.webpush.accounts.NAME]"));
    }

    #[test]
    fn a_browser_stays_with_the_key_that_it_subscribed_with() {
        let mut two = accounts(&["blog"], Some("blog"));
        let other = crate::base64url::write([7; 32]);
        let shop = Signer::of(&other, "mailto:ops@example.org").ok().unwrap();
        let of_shop = shop.public().to_owned();
        two.signers.insert("shop".to_owned(), shop);
        assert_eq!(of(&two, "default", Some(&of_shop)), Ok("shop".to_owned()));
        assert_eq!(of(&two, "blog", Some(PUBLIC)), Ok("blog".to_owned()));
        let error = of(&two, "blog", Some(&of_shop)).unwrap_err();
        assert_eq!(
            error,
            format!(
                "/attributes/key: not the public key of the account; let the browser subscribe with {PUBLIC}"
            )
        );
        assert!(of(&two, "", Some("x")).unwrap_err().starts_with("/attributes/key: no account has this"));
    }
}
