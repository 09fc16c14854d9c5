//! A message encrypted for one browser: RFC 8291, in the `aes128gcm` coding of RFC 8188 as one record.

use aws_lc_rs::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Salt},
    rand,
};
use zeroize::Zeroizing;

use crate::browser::Keys;

/// The most bytes that can be sent: services take a body of 4096 (RFC 8030, section 7.2), of which 86 are the header, 16
/// the tag and one is the delimiter (RFC 8291, section 4).
pub(crate) const MOST_BYTES: usize = 3993;

/// The record size of the header: larger than any record here, as it has to be for the last one.
const RECORD_SIZE: u32 = 4096;
/// Stands behind the text of the last record (RFC 8188, section 2).
const LAST: u8 = 2;
const SALT: usize = 16;

/// `text` for the browser of `keys`, under a key and a salt that were made for this message alone.
///
/// # Errors
/// `text` is longer than [`MOST_BYTES`], or the system has no random numbers.
pub(crate) fn sealed(text: &[u8], keys: &Keys) -> Result<Vec<u8>, Unspecified> {
    let mut salt = [0; SALT];
    rand::fill(&mut salt)?;
    with(text, keys, &PrivateKey::generate(&ECDH_P256)?, salt)
}

fn with(text: &[u8], keys: &Keys, own: &PrivateKey, salt: [u8; SALT]) -> Result<Vec<u8>, Unspecified> {
    if text.len() > MOST_BYTES {
        return Err(Unspecified);
    }
    let public = own.compute_public_key()?;
    let public = public.as_ref();
    let browser = UnparsedPublicKey::new(&ECDH_P256, keys.public.as_slice());
    let shared = agree(own, browser, Unspecified, |secret| {
        let info: [&[u8]; 3] = [b"WebPush: info\0", keys.public.as_slice(), public];
        derived::<32>(keys.auth.as_slice(), secret, &info)
    })?;
    let key = derived::<16>(&salt, shared.as_slice(), &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce = derived::<12>(&salt, shared.as_slice(), &[b"Content-Encoding: nonce\0"])?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key.as_slice())?);

    let mut record = Vec::with_capacity(text.len() + 1 + AES_128_GCM.tag_len());
    record.extend_from_slice(text);
    record.push(LAST);
    // The first record's nonce is the derived one: its number, which is xored in, is 0.
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut record)?;

    let mut body = Vec::with_capacity(SALT + 5 + public.len() + record.len());
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD_SIZE.to_be_bytes());
    body.push(u8::try_from(public.len()).map_err(|_| Unspecified)?);
    body.extend_from_slice(public);
    body.append(&mut record);
    Ok(body)
}

/// HKDF of RFC 5869 over SHA-256.
fn derived<const N: usize>(
    salt: &[u8],
    secret: &[u8],
    info: &[&[u8]],
) -> Result<Zeroizing<[u8; N]>, Unspecified> {
    let mut out = Zeroizing::new([0; N]);
    Salt::new(HKDF_SHA256, salt).extract(secret).expand(info, Bytes(N))?.fill(out.as_mut_slice())?;
    Ok(out)
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::base64url;
    use proptest::prelude::*;

    /// The values of RFC 8291, appendix A.
    const PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
    pub(crate) const BROWSER_PRIVATE: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
    pub(crate) const BROWSER_PUBLIC: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    pub(crate) const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const EXAMPLE_SALT: &str = "DGv6ra1nlYgDCS1FRnbzlw";
    const TEXT: &str = "When I grow up, I want to be a watermelon";
    /// The body of the example in section 5.
    const BODY: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w\
                        EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    pub(crate) fn keys() -> Keys {
        Keys {
            public: base64url::read(BROWSER_PUBLIC).unwrap(),
            auth: Zeroizing::new(base64url::read(AUTH).unwrap()),
        }
    }

    /// What the browser of the example reads in `body`: the other side of the agreement, step by step as RFC 8291, section
    /// 3.4 writes them down with HMAC, and sharing nothing with the above but the primitives.
    pub(crate) fn opened(body: &[u8]) -> Vec<u8> {
        use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
        let hmac = |key: &[u8], text: &[u8]| sign(&Key::new(HMAC_SHA256, key), text).as_ref().to_vec();
        let (salt, rest) = body.split_at(16);
        let (size, rest) = rest.split_at(4);
        assert_eq!((size, rest[0]), (&[0, 0, 16, 0][..], 65));
        let (sender, cipher) = rest[1..].split_at(65);
        let private = base64url::read::<32>(BROWSER_PRIVATE).unwrap();
        let private = PrivateKey::from_private_key(&ECDH_P256, &private).unwrap();
        let secret =
            agree(&private, UnparsedPublicKey::new(&ECDH_P256, sender), Unspecified, |s| Ok(s.to_vec()));
        let keys = keys();
        let prk_key = hmac(keys.auth.as_slice(), &secret.unwrap());
        let info = [b"WebPush: info\0", keys.public.as_slice(), sender, &[1]].concat();
        let prk = hmac(salt, &hmac(&prk_key, &info));
        let key = hmac(&prk, b"Content-Encoding: aes128gcm\0\x01");
        let nonce = hmac(&prk, b"Content-Encoding: nonce\0\x01");
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16]).unwrap());
        let mut record = cipher.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).unwrap();
        let plain = key.open_in_place(nonce, Aad::empty(), &mut record).unwrap();
        let end = plain.iter().rposition(|byte| *byte != 0).unwrap();
        assert_eq!(plain[end], 2, "the delimiter of the last record");
        plain[..end].to_vec()
    }

    #[test]
    fn the_example_of_the_standard_is_sealed_byte_for_byte() {
        let own = PrivateKey::from_private_key(&ECDH_P256, &base64url::read::<32>(PRIVATE).unwrap()).unwrap();
        let body = with(TEXT.as_bytes(), &keys(), &own, base64url::read(EXAMPLE_SALT).unwrap()).unwrap();
        assert_eq!(base64url::write(&body), BODY);
        assert_eq!(opened(&body), TEXT.as_bytes());
    }

    #[test]
    fn each_message_has_a_key_and_a_salt_of_its_own() {
        let (one, other) = (sealed(b"x", &keys()).unwrap(), sealed(b"x", &keys()).unwrap());
        assert_ne!((&one[..16], &one[21..86]), (&other[..16], &other[21..86]));
    }

    #[test]
    fn the_largest_message_makes_a_body_that_every_service_takes() {
        let text = vec![b'x'; MOST_BYTES];
        let body = sealed(&text, &keys()).unwrap();
        assert_eq!((body.len(), opened(&body)), (4096, text));
        assert!(sealed(&vec![b'x'; MOST_BYTES + 1], &keys()).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_is_opened_by_the_browser(text in prop::collection::vec(any::<u8>(), 0..MOST_BYTES)) {
            prop_assert_eq!(opened(&sealed(&text, &keys()).unwrap()), text);
        }
    }
}
