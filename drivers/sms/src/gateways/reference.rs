//! What a vendor is given to send back with a receipt: the delivery id, and which of its recipients.

use hmac::{Hmac, KeyInit, Mac};
use nuncio_plugin_sdk::{Receipt, Refusal, Secret};
use sha2::Sha256;

/// The name of the reference in the query of a callback URL.
pub(crate) const NAME: &str = "ref";
/// The name of its token there.
pub(crate) const TOKEN: &str = "token";

/// The longest reference that is read back.
const LONGEST: usize = 100;

/// The delivery id of a notice; followed by a point and the recipient's number where that is not the first one.
///
/// A delivery id has no point in it: Standard Webhooks, which it is also used in, forbids one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference(String);

impl Reference {
    pub(crate) fn new(delivery: &str, index: u32) -> Self {
        if index == 0 { Self(delivery.to_owned()) } else { Self(format!("{delivery}.{index}")) }
    }

    /// Reads what came back; `None` of what we did not make.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let legal = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let fits = !text.is_empty() && text.len() <= LONGEST && text.chars().all(legal);
        fits.then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Says in `receipt` which delivery it is about. Deliveries of further recipients are found by the vendor's id alone:
    /// a notice knows the id of its first one only.
    pub(crate) fn tell(&self, receipt: &mut Receipt) {
        if !self.0.contains('.') {
            receipt.delivery.clone_from(&self.0);
        }
    }

    /// A word that only who knows `secret` can make for this reference. It stands in a URL, so it must say nothing of the
    /// secret, and who reads it can forge the receipts of this delivery alone.
    pub(crate) fn token(&self, secret: &Secret) -> Result<String, Refusal> {
        let tag = self.mac(secret)?.finalize().into_bytes();
        Ok(tag.iter().take(TOKEN_BYTES).map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether `token` is the one that [`token`](Self::token) made; compared in constant time.
    pub(crate) fn vouched(&self, secret: &Secret, token: &str) -> Result<bool, Refusal> {
        let bytes = unhex(token).filter(|bytes| bytes.len() == TOKEN_BYTES);
        Ok(match bytes {
            Some(bytes) => self.mac(secret)?.verify_truncated_left(&bytes).is_ok(),
            None => false,
        })
    }

    fn mac(&self, secret: &Secret) -> Result<Hmac<Sha256>, Refusal> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
            .map_err(|_| Refusal::new("receipt_secret", "cannot be used"))?;
        mac.update(self.0.as_bytes());
        Ok(mac)
    }
}

/// 128 bits of the tag: URLs in `dlr-url` are short (RFC 2104 section 5 allows half).
const TOKEN_BYTES: usize = 16;

/// The bytes that are written in hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().map(|c| c.to_digit(16)).collect::<Option<Vec<_>>>()?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nuncio_plugin_sdk::Outcome;
    use proptest::prelude::*;

    #[test]
    fn only_the_first_recipient_has_the_delivery_s_own_id() {
        let told = |index| {
            let mut receipt = Receipt::of("x", Outcome::Delivered);
            Reference::new("msg_a", index).tell(&mut receipt);
            receipt.delivery
        };
        assert_eq!((told(0).as_str(), told(3).as_str()), ("msg_a", ""));
        assert_eq!(Reference::new("msg_a", 3).as_str(), "msg_a.3");
    }

    #[test]
    fn a_token_vouches_for_its_reference_and_its_secret_alone() {
        let (ours, other) = (Secret::new("ours"), Secret::new("other"));
        let first = Reference::new("msg_a", 0);
        let token = first.token(&ours).unwrap();
        assert_eq!(token.len(), 2 * TOKEN_BYTES);
        assert!(first.vouched(&ours, &token).unwrap());
        assert!(!first.vouched(&other, &token).unwrap());
        assert!(!Reference::new("msg_a", 1).vouched(&ours, &token).unwrap());
        for wrong in ["", "zz", &format!("{token}00"), "00"] {
            assert!(!first.vouched(&ours, wrong).unwrap(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_reference_is_read_or_not(text in "\\PC{0,120}", token in "\\PC{0,40}") {
            if let Some(reference) = Reference::read(&text) {
                prop_assert_eq!(reference.as_str(), &text);
                prop_assert!(!reference.vouched(&Secret::new("a secret"), &token).unwrap());
            }
        }

        #[test]
        fn what_was_made_is_read_back(id in "msg_[A-Za-z0-9_-]{24}", index in 0_u32..500) {
            let made = Reference::new(&id, index);
            prop_assert_eq!(Reference::read(made.as_str()), Some(made));
        }
    }
}
