//! Named accounts of a driver: `[drivers.NAME.accounts.ACCOUNT]`.

use std::collections::BTreeMap;

use nuncio_core::Refusal;

/// The name by which a device or a subscription says that it names no account.
pub const UNNAMED: &str = "default";

/// Accounts by name, and the one of who names none: that of the setting `default_account`, or the only one.
#[derive(Clone, Debug)]
pub struct Accounts<T> {
    all: BTreeMap<String, T>,
    default: Option<String>,
}

impl<T> Accounts<T> {
    /// These accounts.
    ///
    /// # Errors
    /// `default` names one that is not there.
    pub fn new(all: BTreeMap<String, T>, default: Option<String>) -> Result<Self, Refusal> {
        if let Some(name) = default.as_ref().filter(|name| !all.contains_key(*name)) {
            let why = format!("there is no account `{name}`");
            return Err(Refusal::new("/default_account", why).fix(choice(&all)));
        }
        let only = || all.keys().next().filter(|_| all.len() == 1).cloned();
        let default = default.or_else(only);
        Ok(Self { all, default })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The account called `name`; with an empty one or [`UNNAMED`] the default one.
    ///
    /// # Errors
    /// At `/account`, where there is none of that name.
    pub fn named(&self, name: &str) -> Result<&T, Refusal> {
        let chosen = match &self.default {
            Some(default) if name.is_empty() || (name == UNNAMED && !self.all.contains_key(name)) => default,
            _ => name,
        };
        self.all.get(chosen).ok_or_else(|| {
            Refusal::new("/account", format!("there is no account `{chosen}`")).fix(choice(&self.all))
        })
    }
}

fn choice<T>(all: &BTreeMap<String, T>) -> String {
    let names: Vec<_> = all.keys().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "configure one".to_owned() } else { format!("write one of: {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts(names: &[&str], default: Option<&str>) -> Result<Accounts<String>, Refusal> {
        let all = names.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
        Accounts::new(all, default.map(str::to_owned))
    }

    #[test]
    fn who_names_none_gets_the_default_or_the_only_one() {
        let named = |names: &[&str], default, name| {
            accounts(names, default)
                .and_then(|all| all.named(name).cloned())
                .map_err(|error| error.to_string())
        };
        assert_eq!(named(&["a"], None, ""), Ok("a".to_owned()));
        assert_eq!(named(&["a"], None, "default"), Ok("a".to_owned()));
        assert_eq!(named(&["a", "b"], Some("b"), "default"), Ok("b".to_owned()));
        assert_eq!(named(&["a", "default"], Some("a"), "default"), Ok("default".to_owned()));
        assert_eq!(named(&["a", "b"], None, "b"), Ok("b".to_owned()));
        let error = named(&["a", "b"], None, "default").unwrap_err();
        assert_eq!(error, "/account: there is no account `default`; write one of: `a`, `b`");
        assert_eq!(named(&[], None, "x").unwrap_err(), "/account: there is no account `x`; configure one");
        assert!(named(&["a"], Some("x"), "a").unwrap_err().starts_with("/default_account: "));
    }
}
