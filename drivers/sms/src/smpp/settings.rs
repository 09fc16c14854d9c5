//! `[drivers.sms.accounts.NAME] kind = "smpp"`: the settings.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, atomic::AtomicU16},
    time::Duration,
};

use nuncio_plugin_sdk::{
    Context, JsonSchema, Refusal, Secret, SettingsError, core::duration::parse_duration, schemars,
};
use serde::Deserialize;

use super::{
    account::{Form, Receipts, Smpp},
    endpoint::{Dial, Endpoint},
    ids::{Ids, ReceiptIds},
    link::{Link, Login, Role, random},
    session::Times,
    wording::{Alphabet, Segmentation, Wording},
};
use crate::{
    account::{Account, Common},
    settings::{Kind, Opening, check_common, max_parts},
    text::Rules,
};

/// The settings of an account at a message centre.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "schemars")]
pub struct Settings {
    /// Where the message centre is: `smpp://smsc.example.org:2775`, or `smpps://smsc.example.org:3550` for TLS. Without
    /// credentials: they are `system_id` and `password`.
    pub url: String,
    /// The user name (`system_id`), at most 15 characters.
    pub system_id: String,
    /// The password. The standard has 8 characters of room; many centres take more.
    pub password: Secret,
    /// What kind of client this is (`system_type`), where the centre wants to know it; at most 12 characters.
    #[serde(default)]
    pub system_type: String,
    /// A PEM file of certificate authorities to trust at the centre, beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// Whether SMS and receipts go by one session.
    #[serde(default)]
    pub bind: Bind,
    /// How many submissions wait for their answers at a time, 1 to 1000. The centre's operator names it. It narrows by
    /// itself while the centre says that it is overloaded.
    #[serde(default = "window")]
    pub window: u16,
    /// How long the centre's answer may take, like `10s`.
    #[serde(default = "response_timeout")]
    pub response_timeout: String,
    /// After how long a silence the centre is asked whether it is there (`enquire_link`), like `30s`.
    #[serde(default = "enquire_link")]
    pub enquire_link: String,
    /// Who SMS are from, unless a subscription's option `sender` says otherwise: a number like `+15551230101`, a short
    /// code like `12345`, or a name of at most 11 characters. Without it the centre decides.
    pub sender: Option<String>,
    /// The type of the sender's number (TON), instead of 1 for a number, 3 for a short code and 5 for a name.
    pub source_ton: Option<u8>,
    /// The numbering plan of the sender (NPI), instead of 1 for a number and 0 for others.
    pub source_npi: Option<u8>,
    /// The type of the recipient's number (TON). 1 is international.
    #[serde(default = "one")]
    pub destination_ton: u8,
    /// The numbering plan of the recipient (NPI). 1 is E.164.
    #[serde(default = "one")]
    pub destination_npi: u8,
    /// The service (`service_type`), where the centre has several; at most 5 characters.
    #[serde(default)]
    pub service_type: String,
    /// How the centre reads a text of the 7-bit alphabet (`data_coding` 0).
    #[serde(default)]
    pub alphabet: Alphabet,
    /// What says that parts belong together.
    #[serde(default)]
    pub segmentation: Segmentation,
    /// The most parts of a text, 1 to 255; a longer text is refused.
    #[serde(default = "max_parts")]
    pub max_parts: u16,
    /// Whether typographic characters (curly quotes, dashes) are written plainly, so that they do not cost a text its
    /// 7-bit alphabet.
    #[serde(default)]
    pub transliterate: bool,
    /// Whether the centre is asked for delivery receipts.
    #[serde(default = "yes")]
    pub receipts: bool,
    /// How receipts write the ids of messages.
    #[serde(default)]
    pub receipt_ids: ReceiptIds,
    /// For how long the centre tries to deliver an SMS, like `6h`; its own default when absent. At most `63d`.
    pub validity: Option<String>,
}

/// Whether SMS and receipts go by one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(crate = "schemars")]
pub enum Bind {
    /// One session (`bind_transceiver`).
    #[default]
    Transceiver,
    /// Two: `bind_transmitter` and `bind_receiver`.
    Separate,
}

const fn window() -> u16 {
    10
}

const fn one() -> u8 {
    1
}

const fn yes() -> bool {
    true
}

fn response_timeout() -> String {
    "10s".to_owned()
}

fn enquire_link() -> String {
    "30s".to_owned()
}

impl Kind for Settings {
    fn open(self, opening: &Opening<'_>) -> Result<Box<dyn Account>, SettingsError> {
        let common = self.common(opening.name);
        let mut wrong = check_common(&common);
        wrong.extend(self.limits());
        let endpoint = Endpoint::read(&self.url, self.ca_file.as_deref()).map_err(|one| wrong.push(one)).ok();
        let form = self.form().map_err(|one| wrong.push(one)).ok();
        let times = self.times().map_err(|one| wrong.push(one)).ok();
        let (Some(endpoint), Some(form), Some(times), true) = (endpoint, form, times, wrong.is_empty())
        else {
            return Err(SettingsError(wrong));
        };
        Ok(Box::new(self.account(Box::new(endpoint), common, form, times, opening.context)))
    }
}

impl Settings {
    /// The account at `endpoint`.
    pub(super) fn account(
        self,
        endpoint: Box<dyn Dial>,
        common: Common,
        form: Form,
        times: Times,
        context: &Context,
    ) -> Smpp {
        let centre = endpoint.to_string();
        let login = Arc::new(Login {
            endpoint,
            system_id: self.system_id,
            password: self.password,
            system_type: self.system_type,
            times,
        });
        let inbox = Arc::new(Receipts {
            account: common.name.clone(),
            ids: Mutex::new(Ids::new(self.receipt_ids)),
            host: context.host.clone(),
        });
        let link = |role| Link::new(login.clone(), role, usize::from(self.window), inbox.clone());
        let (transmitter, receiver) = match self.bind {
            Bind::Transceiver => (link(Role::Transceiver), None),
            Bind::Separate => (link(Role::Transmitter), Some(link(Role::Receiver))),
        };
        // References begin elsewhere after a restart, so that parts of before are not taken for parts of after.
        let references = AtomicU16::new(random());
        Smpp { common, form, centre, transmitter, receiver, references }
    }

    pub(super) fn common(&self, name: &str) -> Common {
        let rules = Rules {
            max_parts: self.max_parts,
            transliterate: self.transliterate,
            wide_reference: self.segmentation == Segmentation::Udh16,
            latin1: self.alphabet == Alphabet::Latin1,
        };
        Common { name: name.to_owned(), sender: self.sender.clone(), rules }
    }

    fn limits(&self) -> Vec<Refusal> {
        let mut wrong = Vec::new();
        // With their NUL these are the lengths of SMPP 3.4 section 4.1.1 and 4.4.1.
        for (at, text, most) in [
            ("/system_id", &self.system_id, 15),
            ("/system_type", &self.system_type, 12),
            ("/service_type", &self.service_type, 5),
        ] {
            if text.len() > most || !text.is_ascii() || text.contains('\0') {
                let why = format!("`{text}` is not ASCII of at most {most} characters");
                wrong.push(Refusal::new(at, why).fix("write it as the centre's operator gave it"));
            }
        }
        if self.system_id.is_empty() {
            wrong.push(Refusal::new("/system_id", "it is empty").fix("write the user name at the centre"));
        }
        if self.password.expose().contains('\0') {
            wrong.push(Refusal::new("/password", "a password has no NUL"));
        }
        if !(1..=1000).contains(&self.window) {
            let why = format!("{} is not between 1 and 1000", self.window);
            wrong.push(Refusal::new("/window", why).fix("write what the centre's operator names, like 10"));
        }
        wrong
    }

    pub(super) fn form(&self) -> Result<Form, Refusal> {
        Ok(Form {
            wording: Wording { alphabet: self.alphabet, segmentation: self.segmentation },
            service_type: self.service_type.clone(),
            source: (self.source_ton, self.source_npi),
            destination: (self.destination_ton, self.destination_npi),
            validity: self.validity.as_deref().map(relative).transpose()?.unwrap_or_default(),
            receipts: self.receipts,
        })
    }

    pub(super) fn times(&self) -> Result<Times, Refusal> {
        let read = |at: &str, text: &str| {
            let fits =
                |time: &Duration| (Duration::from_millis(100)..=Duration::from_secs(3600)).contains(time);
            let time = parse_duration(text).map_err(|error| Refusal::new(at, error.to_string()))?;
            Some(time).filter(fits).ok_or_else(|| {
                Refusal::new(at, format!("`{text}` is not between 100ms and 1h")).fix("write 10s")
            })
        };
        Ok(Times {
            answer: read("/response_timeout", &self.response_timeout)?,
            silence: read("/enquire_link", &self.enquire_link)?,
        })
    }
}

/// A relative time as SMPP 3.4 section 7.1.1.2 writes it: `YYMMDDhhmmss000R`. Years and months stay 0, since their length
/// is nowhere said. 63 days are the most that a network keeps an SMS (3GPP TS 23.040 section 9.2.3.12.1, in weeks).
fn relative(text: &str) -> Result<String, Refusal> {
    let refuse = |why: String| Refusal::new("/validity", why).fix("write 6h");
    let seconds = parse_duration(text).map_err(|error| refuse(error.to_string()))?.as_secs();
    if !(60..=63 * 86_400).contains(&seconds) {
        return Err(refuse(format!("`{text}` is not between 1m and 63d")));
    }
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    Ok(format!("0000{days:02}{:02}{:02}{:02}000R", rest / 3600, rest / 60 % 60, rest % 60))
}

#[cfg(test)]
mod tests;
