//! Packed values: successes of a whole commit in one row. Every value begins with a format byte.

use crate::{DeliveryKey, Matched, MessageId, State, TargetId};

/// How one delivery ended, as a packed entry says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The delivery.
    pub key: DeliveryKey,
    /// How.
    pub state: State,
    /// The attempt that ended it, 0 for none.
    pub n: u32,
    /// When, Unix milliseconds.
    pub at: i64,
    /// The far side's code, 0 for none.
    pub code: u32,
}

/// A packed value that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackedError {
    /// Written by a newer version.
    #[error("packed format {0} is not known to this version")]
    Format(u8),
    /// Cut short or damaged.
    #[error("packed value ends in the middle of an entry")]
    Torn,
    /// A field has a value that means nothing.
    #[error("packed value has an impossible field")]
    Field,
}

const FORMAT: u8 = 1;

/// Packs what one commit ended.
#[must_use]
pub fn outcomes(entries: &[Ended]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + entries.len() * 12);
    out.push(FORMAT);
    let mut base = Base::default();
    for entry in entries {
        put_signed(&mut out, entry.key.message.0.wrapping_sub(base.message));
        put(&mut out, u64::from(entry.key.idx));
        out.push(entry.state as u8);
        put(&mut out, u64::from(entry.n));
        put_signed(&mut out, entry.at.wrapping_sub(base.at));
        put(&mut out, u64::from(entry.code));
        base = Base { message: entry.key.message.0, at: entry.at };
    }
    out
}

/// Reads what [`outcomes`] packed.
///
/// # Errors
/// When the value was written by a newer version, or is damaged.
pub fn read_outcomes(packed: &[u8]) -> Result<Vec<Ended>, PackedError> {
    let mut rest = body(packed)?;
    let (mut entries, mut base) = (Vec::new(), Base::default());
    while !rest.is_empty() {
        let message = base.message.wrapping_add(take_signed(&mut rest)?);
        let idx = take_u32(&mut rest)?;
        let (state, tail) = rest.split_first().ok_or(PackedError::Torn)?;
        let state = State::from_code(*state).ok_or(PackedError::Field)?;
        rest = tail;
        let n = take_u32(&mut rest)?;
        let at = base.at.wrapping_add(take_signed(&mut rest)?);
        let code = take_u32(&mut rest)?;
        entries.push(Ended { key: DeliveryKey::new(MessageId(message), idx), state, n, at, code });
        base = Base { message, at };
    }
    Ok(entries)
}

/// Packs the targets of a message.
#[must_use]
pub fn matched(list: &[Matched]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + list.len() * 4);
    out.push(FORMAT);
    let mut last = 0;
    for one in list {
        put_signed(&mut out, one.target.0.wrapping_sub(last));
        put(&mut out, u64::from(one.addresses));
        last = one.target.0;
    }
    out
}

/// Reads what [`matched`] packed.
///
/// # Errors
/// When the value was written by a newer version, or is damaged.
pub fn read_matched(packed: &[u8]) -> Result<Vec<Matched>, PackedError> {
    let mut rest = body(packed)?;
    let (mut list, mut last) = (Vec::new(), 0_i64);
    while !rest.is_empty() {
        last = last.wrapping_add(take_signed(&mut rest)?);
        list.push(Matched { target: TargetId(last), addresses: take_u32(&mut rest)? });
    }
    Ok(list)
}

#[derive(Default)]
struct Base {
    message: i64,
    at: i64,
}

fn body(packed: &[u8]) -> Result<&[u8], PackedError> {
    match packed.split_first() {
        Some((&FORMAT, rest)) => Ok(rest),
        Some((&other, _)) => Err(PackedError::Format(other)),
        None => Err(PackedError::Torn),
    }
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, (value << 1 ^ value >> 63) as u64);
}

fn take(rest: &mut &[u8]) -> Result<u64, PackedError> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let (byte, tail) = rest.split_first().ok_or(PackedError::Torn)?;
        *rest = tail;
        if shift == 63 && *byte > 1 {
            return Err(PackedError::Field);
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(PackedError::Field)
}

fn take_u32(rest: &mut &[u8]) -> Result<u32, PackedError> {
    u32::try_from(take(rest)?).map_err(|_| PackedError::Field)
}

fn take_signed(rest: &mut &[u8]) -> Result<i64, PackedError> {
    let value = take(rest)?;
    Ok((value >> 1) as i64 ^ -((value & 1) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ended() -> impl Strategy<Value = Ended> {
        (any::<i64>(), any::<u32>(), 0..7_u8, any::<u32>(), any::<i64>(), any::<u32>()).prop_map(
            |(message, idx, state, n, at, code)| Ended {
                key: DeliveryKey::new(MessageId(message), idx),
                state: State::from_code(state).unwrap(),
                n,
                at,
                code,
            },
        )
    }

    #[test]
    fn a_newer_format_is_named() {
        assert_eq!(read_outcomes(&[9]).unwrap_err(), PackedError::Format(9));
        assert_eq!(read_matched(&[]).unwrap_err(), PackedError::Torn);
    }

    proptest! {
        #[test]
        fn outcomes_come_back(entries in prop::collection::vec(ended(), 0..50)) {
            prop_assert_eq!(read_outcomes(&outcomes(&entries)).unwrap(), entries);
        }

        #[test]
        fn matched_comes_back(list in prop::collection::vec((any::<i64>(), any::<u32>()), 0..50)) {
            let list: Vec<_> =
                list.into_iter().map(|(t, addresses)| Matched { target: TargetId(t), addresses }).collect();
            prop_assert_eq!(read_matched(&matched(&list)).unwrap(), list);
        }

        #[test]
        fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(entries) = read_outcomes(&bytes) {
                prop_assert_eq!(read_outcomes(&outcomes(&entries)).unwrap(), entries);
            }
            if let Ok(list) = read_matched(&bytes) {
                prop_assert_eq!(read_matched(&matched(&list)).unwrap(), list);
            }
        }
    }
}
