//! The message that is posted again and again: it carries its number and the time, so that the sink can say what is
//! missing, what came twice, and how long it took.

/// Hexadecimal digits of a number in a letter.
const DIGITS: usize = 16;
const NUMBER: &str = "{\"n\":\"";
const STAMP: &str = "\",\"t\":\"";

/// The body of a message, of a given size.
#[derive(Clone, Debug)]
pub struct Letter {
    text: Vec<u8>,
}

impl Letter {
    /// A letter of `bytes` bytes, or of the few more that it needs.
    #[must_use]
    pub fn of_size(bytes: usize) -> Self {
        let zeros = "0".repeat(DIGITS);
        let begin = format!("{NUMBER}{zeros}{STAMP}{zeros}\",\"pad\":\"");
        let pad = "x".repeat(bytes.saturating_sub(begin.len() + 2));
        Self { text: format!("{begin}{pad}\"}}").into_bytes() }
    }

    /// Its text, a JSON object.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Writes number and time (nanoseconds) into a letter that begins at `text`.
    pub fn fill(text: &mut [u8], number: u64, stamp: u64) {
        hex(&mut text[NUMBER.len()..][..DIGITS], number);
        hex(&mut text[NUMBER.len() + DIGITS + STAMP.len()..][..DIGITS], stamp);
    }

    /// Where number and time of a letter without them, however it is written, stand in `text`: the first two rows of
    /// zeros that are long enough.
    #[must_use]
    pub fn blanks(text: &[u8]) -> Option<[usize; 2]> {
        let find = |from: usize| {
            let rest = text.get(from..)?;
            rest.windows(DIGITS)
                .position(|window| window.iter().all(|byte| *byte == b'0'))
                .map(|at| from + at)
        };
        let number = find(0)?;
        Some([number, find(number + DIGITS)?])
    }

    /// Writes a number, or a time, at the begin of `place`.
    pub fn digits(place: &mut [u8], number: u64) {
        hex(&mut place[..DIGITS], number);
    }

    /// Number and time of the letter in the body of a delivery.
    #[must_use]
    pub fn find(body: &[u8]) -> Option<(u64, u64)> {
        let begin = body.windows(NUMBER.len()).position(|window| window == NUMBER.as_bytes())?;
        let text = body.get(begin..)?;
        Some((unhex(text, NUMBER.len())?, unhex(text, NUMBER.len() + DIGITS + STAMP.len())?))
    }
}

fn hex(place: &mut [u8], number: u64) {
    for (index, digit) in place.iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (4 * (DIGITS - 1 - index)) & 15) as usize];
    }
}

fn unhex(text: &[u8], at: usize) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(text.get(at..at + DIGITS)?).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_found_in_what_is_around_it() {
        let mut text = Letter::of_size(200).text().to_vec();
        assert_eq!(text.len(), 200);
        Letter::fill(&mut text, 0xfedc_ba98, u64::MAX);
        let body = [b"{\"ttl\": 60, \"body\": ", text.as_slice(), b"}"].concat();
        assert_eq!(Letter::find(&body), Some((0xfedc_ba98, u64::MAX)));
        assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
        assert_eq!(Letter::find(b"{\"n\":\"12"), None);
    }

    #[test]
    fn a_letter_is_filled_wherever_it_stands() {
        let mut body = [b"{\"body\":", Letter::of_size(100).text(), b"}"].concat();
        let [number, time] = Letter::blanks(&body).unwrap();
        Letter::digits(&mut body[number..], 7);
        Letter::digits(&mut body[time..], 8);
        assert_eq!(Letter::find(&body), Some((7, 8)));
        assert_eq!(Letter::blanks(&body), None);
    }
}
