//! What a text becomes on its way to a phone: its encoding and its parts.

pub(crate) mod gsm;
mod plain;
#[cfg(test)]
mod tests;

use nuncio_plugin_sdk::Refusal;
use serde::Deserialize;

/// The most parts that a user data header can count (3GPP TS 23.040 section 9.2.3.24.1).
pub(crate) const MOST_PARTS: u16 = 255;

/// What the characters of an SMS are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// The 7-bit alphabet of GSM 03.38 and its extension table; a unit is a septet.
    Gsm,
    /// UTF-16, big end first; a unit is two octets. Phones show characters beyond UCS-2 (emoji) too.
    Ucs2,
}

impl Encoding {
    /// What a person calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gsm => "GSM 03.38",
            Self::Ucs2 => "UCS-2",
        }
    }

    /// What a part's length is counted in.
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::Gsm => "septets",
            Self::Ucs2 => "UTF-16 units",
        }
    }

    /// How many units an SMS holds: alone, and as one of several with a reference of 8 or (`wide`) 16 bits.
    ///
    /// 140 octets; a header takes 6 or 7 of them (3GPP TS 23.040 sections 9.2.3.24.1 and 9.2.3.24.8).
    const fn room(self, wide: bool) -> (usize, usize) {
        match (self, wide) {
            (Self::Gsm, false) => (160, 153),
            (Self::Gsm, true) => (160, 152),
            (Self::Ucs2, false) => (70, 67),
            (Self::Ucs2, true) => (70, 66),
        }
    }

    /// The units that `c` costs.
    fn cost(self, c: char) -> usize {
        match self {
            Self::Gsm => gsm::septets(c).map_or(1, gsm::Septets::count),
            Self::Ucs2 => c.len_utf16(),
        }
    }
}

/// What becomes of a text that is longer than one SMS: the option `overflow`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Overflow {
    /// It is sent in as many parts as it needs, within `max_parts`.
    #[default]
    Split,
    /// It is cut to one SMS, with a mark of the cut.
    Truncate,
    /// It is not sent.
    Refuse,
}

/// How an account wants its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// The most parts of a text, 1 to [`MOST_PARTS`].
    pub(crate) max_parts: u16,
    /// Whether typographic characters are written plainly.
    pub(crate) transliterate: bool,
    /// Whether parts share a reference of 16 bits instead of 8, which takes an octet more.
    pub(crate) wide_reference: bool,
    /// Whether the account writes its 7-bit texts in Latin-1: then a text with a character that Latin-1 has not
    /// (Greek letters, the euro sign) is sent in UCS-2.
    pub(crate) latin1: bool,
}

/// A text as it is sent: the plan that is shown before anything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    encoding: Encoding,
    parts: Vec<String>,
}

impl Text {
    /// The plan for `written`. Lines end in `\n`.
    ///
    /// # Errors
    /// A refusal at `text`: an empty text, one that `overflow` refuses, and one of more parts than the rules allow.
    pub(crate) fn plan(written: &str, rules: &Rules, overflow: Overflow) -> Result<Self, Refusal> {
        let mut text = written.replace("\r\n", "\n");
        if rules.transliterate {
            text = plain::transliterated(&text);
        }
        if text.trim().is_empty() {
            return Err(Refusal::new("text", "an SMS needs a text, and this message has none"));
        }
        let encoding = encoding(&text, rules.latin1);
        let (alone, together) = encoding.room(rules.wide_reference);
        let units = length(encoding, &text);
        if units <= alone {
            return Ok(Self { encoding, parts: vec![text] });
        }
        match overflow {
            Overflow::Split => Self::split(encoding, &text, together, rules.max_parts),
            Overflow::Truncate => Ok(Self { encoding, parts: vec![cut(encoding, &text, alone)] }),
            Overflow::Refuse => Err(Refusal::new(
                "text",
                format!("{units} {} are more than the {alone} of one SMS", encoding.unit()),
            )
            .fix("shorten it, or set the option `overflow` to `split` or `truncate`")),
        }
    }

    fn split(encoding: Encoding, text: &str, room: usize, most: u16) -> Result<Self, Refusal> {
        let parts = pieces(encoding, text, room);
        if parts.len() <= usize::from(most) {
            return Ok(Self { encoding, parts });
        }
        let why = format!("{} parts are more than the {most} that the account allows", parts.len());
        Err(Refusal::new("text", why).fix("shorten it, or raise the account's `max_parts`"))
    }

    /// What its characters are written in.
    pub(crate) const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The parts in order; one where it fits into a single SMS. Joined they are the whole text.
    pub(crate) fn parts(&self) -> &[String] {
        &self.parts
    }

    /// The whole text, for a gateway that makes the parts itself.
    pub(crate) fn whole(&self) -> String {
        self.parts.concat()
    }

    /// How many parts there are: what it costs.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.parts.len()).unwrap_or(u32::MAX)
    }

    /// The plan for a person: the encoding, and the length of each part.
    pub(crate) fn shown(&self) -> String {
        let lengths: Vec<_> = self.parts.iter().map(|part| length(self.encoding, part).to_string()).collect();
        let parts = if self.parts.len() == 1 { "part" } else { "parts" };
        let (name, unit) = (self.encoding.name(), self.encoding.unit());
        format!("{name}, {} {parts}: {} {unit}", self.parts.len(), lengths.join(" + "))
    }
}

fn encoding(text: &str, latin1: bool) -> Encoding {
    let fits = |c: char| gsm::septets(c).is_some() && !(latin1 && u32::from(c) > 0xFF);
    if text.chars().all(fits) { Encoding::Gsm } else { Encoding::Ucs2 }
}

/// The units of `text`.
pub(crate) fn length(encoding: Encoding, text: &str) -> usize {
    text.chars().map(|c| encoding.cost(c)).sum()
}

/// `text` in pieces of at most `room` units; no character is split.
fn pieces(encoding: Encoding, text: &str, room: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let (mut piece, mut used) = (String::new(), 0);
    for c in text.chars() {
        let cost = encoding.cost(c);
        if used + cost > room {
            pieces.push(std::mem::take(&mut piece));
            used = 0;
        }
        piece.push(c);
        used += cost;
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// The beginning of `text` in `room` units, with a mark of the cut.
fn cut(encoding: Encoding, text: &str, room: usize) -> String {
    let mark = match encoding {
        Encoding::Gsm => "...",
        Encoding::Ucs2 => "\u{2026}",
    };
    let room = room - length(encoding, mark);
    let beginning = pieces(encoding, text, room).into_iter().next().unwrap_or_default();
    format!("{}{mark}", beginning.trim_end())
}
