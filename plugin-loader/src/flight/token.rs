//! The host's handle of a delivery that a driver holds.

/// A token: which slot, and which use of it. A token of an earlier use means nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token(u64);

impl Token {
    /// The use `generation` of `slot`.
    pub(crate) const fn new(slot: u32, generation: u32) -> Self {
        Self(((generation as u64) << 32) | slot as u64)
    }

    /// As a driver gave it.
    pub(crate) const fn given(value: u64) -> Self {
        Self(value)
    }

    /// As a driver is given it.
    pub(crate) const fn value(self) -> u64 {
        self.0
    }

    pub(crate) const fn slot(self) -> usize {
        (self.0 & 0xffff_ffff) as usize
    }

    pub(crate) const fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// The generation after `generation`. None is 0, so that no token is.
pub(super) const fn next(generation: u32) -> u32 {
    match generation.wrapping_add(1) {
        0 => 1,
        next => next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_its_slot_and_its_generation() {
        let token = Token::new(7, 0xdead_beef);
        assert_eq!(
            (token.value(), token.slot(), token.generation()),
            (0xdead_beef_0000_0007, 7, 0xdead_beef)
        );
        assert_eq!(Token::given(token.value()), token);
    }

    #[test]
    fn no_generation_is_zero() {
        assert_eq!((next(0), next(u32::MAX)), (1, 1));
    }
}
