//! The accounts, and which one a browser belongs to.

use std::collections::BTreeMap;

use nuncio_plugin_sdk::Refusal;

use crate::vapid::Signer;

/// What a device says that was registered without an account.
const NONE: &str = "default";

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

    /// The account that a device names, with its own name.
    ///
    /// # Errors
    /// There is none of this name, or several and no default.
    pub(crate) fn of(&self, name: &str) -> Result<(&str, &Signer), Refusal> {
        let found =
            |name: &str| self.signers.get_key_value(name).map(|(name, signer)| (name.as_str(), signer));
        let unnamed = name.is_empty() || name == NONE;
        if let Some(account) = found(name).or_else(|| found(self.default.as_deref().filter(|_| unnamed)?)) {
            return Ok(account);
        }
        let names: Vec<_> = self.signers.keys().map(String::as_str).collect();
        let fix = if names.is_empty() {
            "add [drivers.webpush.accounts.NAME] to the configuration".to_owned()
        } else {
            format!("name one of {}", names.join(", "))
        };
        let why =
            if unnamed { "several accounts, and no default_account" } else { "no account has this name" };
        Err(Refusal::new("/account", if names.is_empty() { "there is no account" } else { why }).fix(fix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vapid::tests::RAW;

    fn accounts(names: &[&str], default: Option<&str>) -> Accounts {
        let signer = || Signer::of(RAW, "mailto:ops@example.org").ok().unwrap();
        Accounts::new(
            names.iter().map(|name| ((*name).to_owned(), signer())).collect(),
            default.map(str::to_owned),
        )
    }

    #[test]
    fn a_browser_without_an_account_belongs_to_the_default_one() {
        let name = |accounts: &Accounts, name: &str| {
            accounts.of(name).map(|(name, _)| name.to_owned()).map_err(|refusal| refusal.to_string())
        };
        let two = accounts(&["blog", "shop"], Some("shop"));
        assert_eq!(name(&two, ""), Ok("shop".to_owned()));
        assert_eq!(name(&two, "default"), Ok("shop".to_owned()));
        assert_eq!(name(&two, "blog"), Ok("blog".to_owned()));
        assert_eq!(
            name(&two, "club").unwrap_err(),
            "/account: no account has this name; name one of blog, shop"
        );
        assert_eq!(name(&accounts(&["default"], Some("default")), "default"), Ok("default".to_owned()));
        let error = name(&accounts(&["blog", "shop"], None), "").unwrap_err();
        assert_eq!(error, "/account: several accounts, and no default_account; name one of blog, shop");
        assert!(name(&accounts(&[], None), "").unwrap_err().contains("[drivers.webpush.accounts.NAME]"));
    }
}
