//! As much of SMPP as the centre and the bare client need.

/// `bind_transceiver`, and what an answer has more.
pub(crate) const BIND: u32 = 9;
pub(crate) const SUBMIT: u32 = 4;
pub(crate) const ANSWER: u32 = 0x8000_0000;

/// A PDU at the end of `out`.
pub(crate) fn write(out: &mut Vec<u8>, command: u32, sequence: u32, body: &[u8]) {
    let length = u32::try_from(16 + body.len()).unwrap_or(u32::MAX);
    for word in [length, command, 0, sequence] {
        out.extend(word.to_be_bytes());
    }
    out.extend(body);
}

/// The commands and sequence numbers of the whole PDUs in `octets`, which are taken out.
pub(crate) fn take(octets: &mut Vec<u8>, mut each: impl FnMut(u32, u32)) {
    let mut done = 0;
    let word = |octets: &[u8], at: usize| {
        octets.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes)
    };
    while let (Some(length), Some(command), Some(sequence)) =
        (word(octets, done), word(octets, done + 4), word(octets, done + 12))
    {
        let end = done + usize::try_from(length).unwrap_or(usize::MAX);
        if octets.len() < end {
            break;
        }
        each(command, sequence);
        done = end;
    }
    octets.drain(..done);
}
