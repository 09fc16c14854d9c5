//! The driver: what the host calls.

use std::time::Duration;

use lettre::message::Mailbox;
use nuncio_plugin_sdk::{
    Checked, ContentForm, Context, Driver, Form, Limits, Network, Notice, Options, Outcomes, Plugin,
    Recipient, Refusal, Report, Scope, SettingsError, SubscriberUri, async_trait,
    serde_json::{Value, json},
};

use crate::{
    addressees::{Addressees, senders},
    letter::Letter,
    mailbox::address,
    send::{Mail, Sender},
    settings::{Route, Settings},
};

/// What is kept of an attempt's time to say what happened before the host stops waiting, at most.
const ANSWER_TIME: Duration = Duration::from_millis(500);

/// The mail driver.
#[derive(Debug)]
pub struct Mailto {
    route: Route,
    from: Mailbox,
}

nuncio_plugin_sdk::register_driver!(Mailto);

impl Plugin for Mailto {
    const NAME: &'static str = "mailto";
    const SCHEMES: &'static [&'static str] = &["mailto"];
    const TITLE: &'static str = "Mail by an SMTP relay or sendmail";
    const CONTENT: ContentForm = ContentForm::Zaqar;
    const IDEMPOTENCY: &'static str = "message-id";
    const NETWORK: Network = Network::Own;
    type Settings = Settings;

    fn limits() -> Limits {
        Limits::default().in_flight(16).body_bytes(10 << 20).formats(&["subject", "text", "html", "parts"])
    }

    fn options() -> Value {
        let mailbox = json!({"type": "string", "examples": ["Ann <ann@example.org>"]});
        let of = |what: &str| {
            let list = json!({"type": "array", "items": mailbox});
            json!({"description": what, "anyOf": [mailbox, list, {"type": "object"}]})
        };
        json!({
            "type": "object",
            "properties": {
                "subject": {"type": "string", "description": "The subject, unless the URI has one."},
                "from": {"type": "string", "description": "Who the mail is from, instead of the setting `from`."},
                "reply_to": of("Where answers go."),
                "cc": of("More recipients, shown as Cc."),
                "bcc": of("More recipients, shown nowhere."),
            },
        })
    }

    fn new(settings: Settings, _: &Context) -> Result<Self, SettingsError> {
        let (route, from) = settings.resolve()?;
        Ok(Self { route, from })
    }
}

#[async_trait]
impl Driver for Mailto {
    async fn deliver(&self, notice: &Notice<'_>) -> Outcomes {
        let left =
            Duration::from_millis(u64::try_from(notice.deadline_ms - notice.now_ms).unwrap_or_default());
        let left = left.saturating_sub(ANSWER_TIME.min(left / 10));
        let (indices, mail, mut reports) = match self.mail(notice) {
            Ok(prepared) => prepared,
            Err(refusal) => return Report::rejected(Scope::Message, refusal.to_string()).into(),
        };
        if mail.recipients.is_empty() {
            return Outcomes::each(reports);
        }
        let sent = match &self.route {
            Route::Closed => return Report::deferred(Scope::Account, NO_ROUTE).into(),
            Route::Relay(relay) => relay.send(&mail, left).await,
            Route::Sendmail(sendmail) => vec![sendmail.send(&mail, left).await; indices.len()],
        };
        reports.extend(indices.into_iter().zip(sent));
        Outcomes::each(reports)
    }

    async fn check(&self, uri: &SubscriberUri, options: &Options) -> Result<Checked, Refusal> {
        let Form::Mailto(mailto) = uri.form() else { return Err(Refusal::new("uri", "not a `mailto:` URI")) };
        let addressees = Addressees::of(mailto, options)?;
        single_line(options, "subject")?;
        senders(options, "reply_to")?;
        if senders(options, "from")?.len() > 1 {
            return Err(Refusal::new("/options/from", "a mail has one sender").fix("write one address"));
        }
        let addresses = addressees.addresses().map(ToString::to_string).collect();
        Ok(Checked::of(uri).with_addresses(addresses).with_destination("relay"))
    }

    fn disabled(&self) -> Option<String> {
        matches!(self.route, Route::Closed).then(|| NO_ROUTE.to_owned())
    }

    async fn render(&self, notice: &Notice<'_>) -> Result<String, Refusal> {
        let (_, mail, _) = self.mail(notice)?;
        let way = match &self.route {
            Route::Closed => NO_ROUTE.to_owned(),
            Route::Relay(relay) => format!("relay {}", relay.endpoint()),
            Route::Sendmail(sendmail) => {
                format!("{} {}", sendmail.program(), sendmail.arguments(&mail).join(" "))
            }
        };
        let recipients: String = mail.recipients.iter().map(|one| format!("RCPT TO:<{one}>\n")).collect();
        let sketch = Letter::of(notice, &self.from)?.sketch()?;
        let source = String::from_utf8_lossy(&sketch).replace("\r\n", "\n");
        Ok(format!("{way}\nMAIL FROM:<{}>\n{recipients}\n{source}", mail.sender.address))
    }
}

const NO_ROUTE: &str = "no relay configured: set [drivers.mailto] relay or sendmail";

/// The recipients' numbers in the order of the mail's envelope, the mail, and the reports on those it cannot have.
type Prepared = (Vec<u32>, Mail, Vec<(u32, Report)>);

impl Mailto {
    fn mail(&self, notice: &Notice<'_>) -> Result<Prepared, Refusal> {
        let letter = Letter::of(notice, &self.from)?;
        let (mut indices, mut recipients, mut reports) = (Vec::new(), Vec::new(), Vec::new());
        for Recipient { index, address: written, .. } in notice.recipients {
            match address(written) {
                Ok(address) => {
                    indices.push(*index);
                    recipients.push(address);
                }
                Err(why) => reports.push((*index, Report::rejected(Scope::Recipient, why))),
            }
        }
        let address = letter.sender().clone();
        let sender = Sender { configured: address == self.from.email, address };
        let mail =
            Mail { sender, recipients, source: letter.source()?, ascii_source: letter.ascii_source()? };
        Ok((indices, mail, reports))
    }
}

/// Refuses an option that is not one line of text.
fn single_line(options: &Options, key: &str) -> Result<(), Refusal> {
    let at = format!("/options/{key}");
    match options.get(key) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(text)) if !text.chars().any(char::is_control) => Ok(()),
        Some(Value::String(_)) => {
            Err(Refusal::new(at, "a control character, such as a line break, cannot stand in a subject"))
        }
        Some(_) => Err(Refusal::new(at, "not a string").fix("write \"Alarm\"")),
    }
}

#[cfg(test)]
mod tests;
