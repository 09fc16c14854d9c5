//! `[drivers.mailto]`: the settings, and what they come to.

use std::{net::IpAddr, path::PathBuf};

use lettre::{
    message::Mailbox,
    transport::smtp::{authentication::Credentials, extension::ClientId},
};
use nuncio_plugin_sdk::{JsonSchema, Refusal, Secret, SettingsError, schemars};
use serde::Deserialize;
use url::Url;

use crate::{
    mailbox::mailbox,
    send::{Endpoint, Protection, Relay, Sendmail, trusted},
};

/// The settings of the mail driver. Without `relay` and `sendmail` it is disabled, and mail waits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "schemars")]
pub struct Settings {
    /// The SMTP relay: `smtp://host:587` (STARTTLS) or `smtps://host:465` (TLS from the start). The port may be left
    /// out. Without credentials: they are `username` and `password`.
    pub relay: Option<String>,
    /// The `sendmail` program with its arguments, split at blanks: `/usr/sbin/sendmail -oi`. `-t` is dropped, since
    /// the recipients are passed as arguments.
    pub sendmail: Option<String>,
    /// Who mail is from, unless a subscription's option `from` says otherwise: `Nuncio <nuncio@example.org>`.
    /// Default `nuncio@` and the name of this host.
    pub from: Option<String>,
    /// The user name at the relay (AUTH PLAIN or LOGIN). With `password`.
    pub username: Option<String>,
    /// The password at the relay.
    pub password: Option<Secret>,
    /// A PEM file of certificate authorities to trust at the relay, beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// Whether the connection to the relay is protected.
    #[serde(default)]
    pub tls: Tls,
    /// The name that this host says it has (EHLO). Default: its host name.
    pub helo: Option<String>,
    /// The most connections to the relay at a time, 1 to 100. They are kept and used again.
    #[serde(default = "connections")]
    pub connections: u16,
}

/// Whether the connection to the relay is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(crate = "schemars")]
pub enum Tls {
    /// TLS with a verified certificate, or no mail.
    #[default]
    Required,
    /// Plain text: only to a relay on this host's loopback.
    None,
}

const fn connections() -> u16 {
    8
}

/// How mail leaves this host.
#[derive(Debug)]
pub(crate) enum Route {
    /// Not at all.
    Closed,
    /// By an SMTP relay.
    Relay(Relay),
    /// By the `sendmail` program.
    Sendmail(Sendmail),
}

impl Settings {
    /// What the settings come to: how mail leaves, and who it is from. Reads the certificates.
    ///
    /// # Errors
    /// Every setting that is wrong.
    pub(crate) fn resolve(&self) -> Result<(Route, Mailbox), SettingsError> {
        let mut wrong = Vec::new();
        let from = self.sender().map_err(|refusal| wrong.push(refusal)).ok();
        let route = self.route(&mut wrong);
        match (route, from) {
            (Some(route), Some(from)) if wrong.is_empty() => Ok((route, from)),
            _ => Err(SettingsError(wrong)),
        }
    }

    fn sender(&self) -> Result<Mailbox, Refusal> {
        let written = self.from.clone().unwrap_or_else(|| match ClientId::default() {
            ClientId::Domain(host) => format!("nuncio@{host}"),
            _ => "nuncio@localhost".to_owned(),
        });
        let fix = "write `Nuncio <nuncio@example.org>`";
        let found = mailbox(&written).map_err(|why| Refusal::new("/from", why).fix(fix))?;
        if found.email.user().is_ascii() {
            return Ok(found);
        }
        Err(Refusal::new("/from", format!("`{}` is not ASCII before the `@`", found.email)).fix(fix))
    }

    fn route(&self, wrong: &mut Vec<Refusal>) -> Option<Route> {
        if !(1..=100).contains(&self.connections) {
            wrong
                .push(Refusal::new("/connections", format!("{} is not between 1 and 100", self.connections)));
        }
        match (&self.relay, &self.sendmail) {
            (Some(_), Some(_)) => {
                wrong.push(Refusal::new("/sendmail", "`relay` is set as well").fix("keep one of the two"));
                None
            }
            (Some(relay), None) => self.relay(relay, wrong).map(Route::Relay),
            (None, Some(command)) => self.sendmail(command, wrong).map(Route::Sendmail),
            (None, None) => Some(Route::Closed),
        }
    }

    fn sendmail(&self, command: &str, wrong: &mut Vec<Refusal>) -> Option<Sendmail> {
        let of_relay = [
            ("/username", self.username.is_some()),
            ("/password", self.password.is_some()),
            ("/ca_file", self.ca_file.is_some()),
            ("/helo", self.helo.is_some()),
        ];
        let set = of_relay.iter().filter(|(_, set)| *set);
        wrong.extend(
            set.map(|(at, _)| Refusal::new(*at, "this is for `relay`, not for `sendmail`").fix("remove it")),
        );
        let sendmail = Sendmail::of(command);
        if sendmail.is_none() {
            wrong.push(Refusal::new("/sendmail", "no program").fix("write `/usr/sbin/sendmail -oi`"));
        }
        sendmail
    }

    fn relay(&self, written: &str, wrong: &mut Vec<Refusal>) -> Option<Relay> {
        let place = self.place(written).map_err(|refusal| wrong.push(refusal)).ok();
        let helo = self.client_id().map_err(|refusal| wrong.push(refusal)).ok();
        let credentials = self.credentials().map_err(|refusal| wrong.push(refusal)).ok();
        let roots = trusted(self.ca_file.as_deref(), self.tls == Tls::Required);
        let roots = roots.map_err(|why| wrong.push(Refusal::new("/ca_file", why))).ok();
        let (place, helo, credentials, roots) = (place?, helo?, credentials?, roots?);
        let protection = match (place.implicit, self.tls) {
            (_, Tls::None) => Protection::None,
            (true, Tls::Required) => Protection::Implicit,
            (false, Tls::Required) => Protection::StartTls,
        };
        match Endpoint::new(place.host, place.port, protection, roots, helo, credentials) {
            Ok(endpoint) => Some(Relay::new(endpoint, usize::from(self.connections))),
            Err(why) => {
                wrong.push(Refusal::new("/relay", why));
                None
            }
        }
    }

    fn place(&self, written: &str) -> Result<Place, Refusal> {
        // The text itself stays out of these errors: it may hold a password in the wrong place.
        let refused = |why: &str| Refusal::new("/relay", why).fix("write `smtp://mail.example.org:587`");
        let url = Url::parse(written).map_err(|error| refused(&format!("not a URL ({error})")))?;
        let implicit = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(refused("its scheme is neither `smtp` nor `smtps`")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("credentials do not belong there").fix("use `username` and `password`"));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(refused("there is more than a host and a port"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| refused("no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if self.tls == Tls::None {
            plain_is_allowed(&host, implicit)?;
        }
        let usual = match (implicit, self.tls) {
            (true, _) => 465,
            (false, Tls::Required) => 587,
            (false, Tls::None) => 25,
        };
        Ok(Place { host, port: url.port().unwrap_or(usual), implicit })
    }

    fn client_id(&self) -> Result<ClientId, Refusal> {
        let Some(name) = &self.helo else { return Ok(ClientId::default()) };
        match name.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => return Ok(ClientId::Ipv4(address)),
            Ok(IpAddr::V6(address)) => return Ok(ClientId::Ipv6(address)),
            Err(_) => {}
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if !name.is_empty() && name.chars().all(fits) {
            return Ok(ClientId::Domain(name.clone()));
        }
        Err(Refusal::new("/helo", "not a host name").fix("write `nuncio.example.org`"))
    }

    fn credentials(&self) -> Result<Option<Credentials>, Refusal> {
        match (&self.username, &self.password) {
            (Some(name), Some(password)) => {
                Ok(Some(Credentials::new(name.clone(), password.expose().to_owned())))
            }
            (None, None) => Ok(None),
            (Some(_), None) => {
                Err(Refusal::new("/username", "`password` is not set").fix("set both or none"))
            }
            (None, Some(_)) => {
                Err(Refusal::new("/password", "`username` is not set").fix("set both or none"))
            }
        }
    }
}

/// Where the relay is.
struct Place {
    host: String,
    port: u16,
    implicit: bool,
}

/// Plain text does not leave this host.
fn plain_is_allowed(host: &str, implicit: bool) -> Result<(), Refusal> {
    if implicit {
        return Err(Refusal::new("/relay", "`smtps` contradicts `tls = \"none\"`").fix("remove `tls`"));
    }
    if is_loopback(host) {
        return Ok(());
    }
    Err(Refusal::new("/tls", "plain text is for a relay on this host only")
        .fix("remove `tls`, or relay through `smtp://127.0.0.1:25`"))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
