//! RFC 5322: the mail that a notice becomes.

use std::time::{Duration, SystemTime};

use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Body, Mailbox, Mailboxes, MessageBuilder, MultiPart, SinglePart,
        header::{Cc, ContentTransferEncoding, ContentType, HeaderName, HeaderValue, ReplyTo, To},
    },
};
use nuncio_plugin_sdk::{Form, Notice, Part, Refusal, uri::Mailto};

use self::{
    leaving::Leaving,
    parts::{Bytes, Piece, attached},
};
use crate::addressees::{Addressees, Field, senders};

mod leaving;
mod parts;

/// The last second that a mail can be dated: RFC 5322's year has four digits.
const LAST_SECOND: u64 = 253_402_300_799;

/// A mail before it is encoded: the same on every attempt of a delivery.
#[derive(Clone, Debug)]
pub(crate) struct Letter<'a> {
    id: String,
    date: SystemTime,
    from: Mailbox,
    reply_to: Vec<Mailbox>,
    addressees: Addressees,
    subject: String,
    text: String,
    html: String,
    parts: &'a [Part<'a>],
    leaving: Leaving<'a>,
}

impl<'a> Letter<'a> {
    /// The mail of `notice`, from `from` unless its options name a sender.
    ///
    /// The URI's subject wins over the options', and that over the content's. The URI's body is what is sent when
    /// there is no content.
    ///
    /// # Errors
    /// What a mail cannot be made of; the same that `check` refuses.
    pub(crate) fn of(notice: &Notice<'a>, from: &Mailbox) -> Result<Self, Refusal> {
        let Form::Mailto(uri) = notice.uri.form() else {
            return Err(Refusal::new("uri", "not a `mailto:` URI"));
        };
        let (html, text) = (notice.content.html, notice.content.text);
        let text =
            if html.is_empty() && text.is_empty() { uri.body.as_deref().unwrap_or_default() } else { text };
        let seconds = u64::try_from(notice.created_ms / 1000).unwrap_or_default().min(LAST_SECOND);
        Ok(Self {
            id: notice.id.to_owned(),
            date: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
            from: senders(notice.options, "from")?.into_iter().next().unwrap_or_else(|| from.clone()),
            reply_to: senders(notice.options, "reply_to")?,
            addressees: Addressees::of(uri, notice.options)?,
            subject: subject(uri, notice),
            text: lines(text),
            html: lines(html),
            parts: notice.content.parts,
            leaving: Leaving::of(notice),
        })
    }

    /// The address that the mail is from.
    pub(crate) const fn sender(&self) -> &Address {
        &self.from.email
    }

    /// The mail, for a relay that offers SMTPUTF8.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub(crate) fn source(&self) -> Result<Vec<u8>, Refusal> {
        self.encode(&self.addressees, Bytes::All)
    }

    /// The mail as a person looks at it: of the attachments the number of their bytes.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub(crate) fn sketch(&self) -> Result<Vec<u8>, Refusal> {
        self.encode(&self.addressees, Bytes::Counted)
    }

    /// The mail for a relay without SMTPUTF8 (RFC 6531), where that is another one: header fields have to be ASCII
    /// there, so that the addresses which are not are left out.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub(crate) fn ascii_source(&self) -> Result<Option<Vec<u8>>, Refusal> {
        let ascii = self.addressees.ascii();
        if ascii == self.addressees { Ok(None) } else { self.encode(&ascii, Bytes::All).map(Some) }
    }

    fn encode(&self, addressees: &Addressees, bytes: Bytes) -> Result<Vec<u8>, Refusal> {
        let refused = |error: lettre::error::Error| Refusal::new("content", error.to_string());
        let header = self.header(addressees).map_err(refused)?;
        let (within, beside) = attached(self.parts, !self.html.is_empty(), bytes);
        let text = || Piece::Single(part(ContentType::TEXT_PLAIN, &self.text));
        let html = || Piece::Single(part(ContentType::TEXT_HTML, &self.html));
        let body = if self.html.is_empty() {
            text()
        } else if self.text.is_empty() {
            html().with(MultiPart::related(), within)
        } else {
            let text = text().within(MultiPart::alternative());
            Piece::Multi(html().with(MultiPart::related(), within).after(text))
        };
        let message = body.with(MultiPart::mixed(), beside).mail(header);
        Ok(message.map_err(refused)?.formatted())
    }

    fn header(&self, addressees: &Addressees) -> Result<MessageBuilder, lettre::error::Error> {
        // The builder wants an envelope; the one that is used goes beside the message.
        let envelope = Envelope::new(None, vec![self.from.email.clone()])?;
        let mut header = Message::builder()
            .envelope(envelope)
            .date(self.date)
            .from(self.from.clone())
            .message_id(Some(format!("<{}@{}>", self.id, self.from.email.domain())))
            .subject(self.subject.clone())
            // RFC 3834, section 5: keeps out-of-office answers away.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".into(),
            ));
        for (name, value) in self.leaving.headers() {
            // As it is: folding would break the address, and an encoded word is none.
            let name = HeaderName::new_from_ascii_str(name);
            header = header.raw_header(HeaderValue::dangerous_new_pre_encoded(
                name,
                value.to_owned(),
                value.to_owned(),
            ));
        }
        let (to, cc) = (addressees.shown(Field::To), addressees.shown(Field::Cc));
        if is_empty(&to) && is_empty(&cc) {
            // RFC 5322, section 3.4: an empty group.
            let group = "undisclosed-recipients:;".to_owned();
            header = header.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("To"), group));
        }
        if !self.reply_to.is_empty() {
            header = header.mailbox(ReplyTo::from(self.reply_to.iter().cloned().collect::<Mailboxes>()));
        }
        if !is_empty(&to) {
            header = header.mailbox(To::from(to));
        }
        if !is_empty(&cc) {
            header = header.mailbox(Cc::from(cc));
        }
        Ok(header)
    }
}

/// The longest line in bytes, without its end (RFC 5322, section 2.1.1).
const LONGEST_LINE: usize = 998;

/// A part of `text`, which stands as it is where its lines may (RFC 5322, section 2.1.1): what reads Zaqar's mails does
/// not decode them.
fn part(kind: ContentType, text: &str) -> SinglePart {
    let stands = text.is_ascii() && text.split("\r\n").all(|line| line.len() <= LONGEST_LINE);
    let body = if stands {
        Body::dangerous_pre_encoded(text.as_bytes().to_vec(), ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text.to_owned())
    };
    SinglePart::builder().header(kind).body(body)
}

fn is_empty(mailboxes: &Mailboxes) -> bool {
    mailboxes.iter().next().is_none()
}

/// The subject, in one line.
fn subject(uri: &Mailto, notice: &Notice<'_>) -> String {
    let written = uri.subject.as_deref().or_else(|| notice.options.text("subject"));
    let chosen = written.filter(|text| !text.trim().is_empty()).unwrap_or(notice.content.subject);
    let words: Vec<_> =
        chosen.split(|c: char| c.is_control() || c == ' ').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "(no subject)".to_owned() } else { words.join(" ") }
}

/// `text` with its lines ended by CRLF, whichever way they were ended; RFC 5322, section 2.3, knows no bare CR or LF,
/// and RFC 5321, section 4.5.2, no NUL.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace(['\r', '\n'], "\r\n").replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests;
