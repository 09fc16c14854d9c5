//! How many messages a network makes of a text (3GPP TS 23.040): what the vendor charges.

/// The letters of the GSM alphabet (3GPP TS 23.038) that are one septet each.
const SEPTETS: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Those that are two.
const PAIRS: &str = "\u{c}^{}\\[~]|€";

/// The parts of `text`: one if it fits into 160 septets (70 UTF-16 units, where a letter is not of the GSM alphabet),
/// else as many as there are 153 (67), since each bears its number.
pub(crate) fn parts(text: &str) -> u32 {
    let septets = text.chars().try_fold(0, |sum, c| match c {
        c if SEPTETS.contains(c) => Some(sum + 1),
        c if PAIRS.contains(c) => Some(sum + 2),
        _ => None,
    });
    let (units, alone, each) = match septets {
        Some(septets) => (septets, 160, 153),
        None => (text.encode_utf16().count(), 70, 67),
    };
    if units <= alone { 1 } else { u32::try_from(units.div_ceil(each)).unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_as_many_parts_as_a_network_makes_of_it() {
        for (letter, count, wanted) in [
            ("a", 0, 1),
            ("a", 160, 1),
            ("a", 161, 2),
            ("a", 306, 2),
            ("a", 307, 3),
            ("€", 80, 1),
            ("€", 81, 2),
            ("ж", 70, 1),
            ("ж", 71, 2),
            ("😀", 35, 1),
            ("😀", 36, 2),
        ] {
            assert_eq!(parts(&letter.repeat(count)), wanted, "{count} of {letter}");
        }
    }
}
