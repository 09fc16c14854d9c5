//! The default alphabet of GSM 03.38 (3GPP TS 23.038 section 6.2.1) with its extension table (section 6.2.1.1).

/// What turns the next septet into one of the extension table.
pub(crate) const ESCAPE: u8 = 0x1B;

/// The default alphabet by code. At [`ESCAPE`] stands a character that no text has.
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_', 'Φ', 'Γ',
    'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{FFFF}', 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#', '¤', '%', '&',
    '\'', '(', ')', '*', '+', ',', '-', '.', '/', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';',
    '<', '=', '>', '?', '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P',
    'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e',
    'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
    'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The extension table: a character and its code behind [`ESCAPE`].
const EXTENSION: [(char, u8); 10] = [
    ('\u{0C}', 0x0A),
    ('^', 0x14),
    ('{', 0x28),
    ('}', 0x29),
    ('\\', 0x2F),
    ('[', 0x3C),
    ('~', 0x3D),
    (']', 0x3E),
    ('|', 0x40),
    ('€', 0x65),
];

/// The septets of `c`, of which the first counts when there is but one; `None` when the alphabet has no such character.
pub(crate) fn septets(c: char) -> Option<Septets> {
    if c != '\u{FFFF}'
        && let Some(code) = BASIC.iter().position(|one| *one == c)
    {
        return u8::try_from(code).ok().map(Septets::One);
    }
    EXTENSION.iter().find(|(one, _)| *one == c).map(|(_, code)| Septets::Escaped(*code))
}

/// How a character is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Septets {
    /// By a septet of the default alphabet.
    One(u8),
    /// By [`ESCAPE`] and a septet of the extension table.
    Escaped(u8),
}

impl Septets {
    /// How many they are.
    pub(crate) const fn count(self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Escaped(_) => 2,
        }
    }
}

/// `text` as septets, one an octet, where the alphabet has all its characters.
pub(crate) fn encode(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    for c in text.chars() {
        match septets(c)? {
            Septets::One(code) => octets.push(code),
            Septets::Escaped(code) => octets.extend([ESCAPE, code]),
        }
    }
    Some(octets)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The characters behind `octets`; `None` where one is no septet, or an escape stands alone.
    pub(crate) fn decode(octets: &[u8]) -> Option<String> {
        let mut octets = octets.iter();
        let mut text = String::new();
        while let Some(octet) = octets.next() {
            text.push(if *octet == ESCAPE {
                let code = octets.next()?;
                EXTENSION.iter().find(|(_, one)| one == code)?.0
            } else {
                *BASIC.get(usize::from(*octet))?
            });
        }
        Some(text)
    }

    /// Characters of the alphabet, those that cost two septets often.
    pub(crate) fn alphabet() -> impl Strategy<Value = char> {
        let basic: Vec<char> = BASIC.into_iter().filter(|c| *c != '\u{FFFF}').collect();
        let extension: Vec<char> = EXTENSION.into_iter().map(|(c, _)| c).collect();
        prop_oneof![2 => prop::sample::select(basic), 1 => prop::sample::select(extension)]
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        assert_eq!(
            encode("@£_ A¡ÄÜ§¿aàé\r\n").unwrap(),
            [0x00, 0x01, 0x11, 0x20, 0x41, 0x40, 0x5B, 0x5E, 0x5F, 0x60, 0x61, 0x7F, 0x05, 0x0D, 0x0A]
        );
        assert_eq!(encode("€[]").unwrap(), [0x1B, 0x65, 0x1B, 0x3C, 0x1B, 0x3E]);
        assert_eq!(encode("Δ ΩΞ").unwrap(), [0x10, 0x20, 0x15, 0x1A]);
    }

    #[test]
    fn what_the_alphabet_has_not_is_not_written() {
        for text in ["ç", "`", "“", "😀", "\t", "\u{1B}", "\u{FFFF}", "Ё"] {
            assert_eq!(encode(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_text_of_the_alphabet_comes_back(text in prop::collection::vec(alphabet(), 0..300)) {
            let text: String = text.into_iter().collect();
            let octets = encode(&text).unwrap();
            prop_assert!(octets.iter().all(|octet| *octet < 0x80));
            prop_assert_eq!(decode(&octets).unwrap(), text);
        }
    }
}
