use proptest::prelude::*;

use super::*;
use crate::gateways::fixtures::inbound;

pub(in crate::gateways::vonage) const SECRET: &str = "my_super_secret_key_of_32_letters";
pub(in crate::gateways::vonage) const NOW_MS: i64 = 1_582_650_446_000;
/// The example of Vonage's OpenAPI.
const QUERY: &str = "msisdn=447700900000&to=AcmeInc&network-code=12345&messageId=0A0000001234567B&price=0.03330000\
    &status=delivered&scts=2001011400&err-code=0&api-key=abcd1234&client-ref=msg_a\
    &message-timestamp=2020-01-01+12%3A00%3A00&timestamp=1582650446&nonce=ec11dd3e-1e7f-4db5-9467-82b02cd223b9";
/// What `verifySignature` of Vonage's own library calls right (`@vonage/sms` 1.21.0).
const SIGNATURES: [(Method, &str); 5] = [
    (Method::Md5, "8e92782eefe2b37ad9b316d32071f4fb"),
    (Method::Sha1, "7ee02e624c3d8959507366a1429d7a9b9ebd61bf"),
    (Method::Sha256, "2b0dada0557604009cfb365f54ba5d39113170bc2d12908944184cac08247121"),
    (
        Method::Sha512,
        "93e0a85a2af4caa9e91f0be9dfe6bea2cabd7a90ddf04d516cf2344d54c96fa735f32863bff80736981825cd99f6d1121d7941b368da5\
         aa93a902f1ddfb54ede",
    ),
    (Method::Md5Hash, "3e431e1d50455bffae0ed029f9808e0c"),
];
const AMPERSAND: &str = "43bb074deacf68612ea2d43f242e1e804a134c75f592c86c917a38908b9564f9";

fn checked(query: &str, method: Method, secret: &str, now_ms: i64) -> Result<(), Refusal> {
    let pairs = Pairs::form(query.as_bytes());
    verify(&inbound(query, &[]), b"", &pairs, (method, &Secret::new(secret)), now_ms)
}

#[test]
fn what_vonage_s_library_calls_right_is_right_by_every_method() {
    for (method, sig) in SIGNATURES {
        let query = format!("{QUERY}&sig={}", sig.to_uppercase());
        assert_eq!(checked(&query, method, SECRET, NOW_MS), Ok(()), "{method:?}");
        assert!(checked(&query, method, "another secret", NOW_MS).is_err(), "{method:?}");
        assert!(
            checked(&query.replace("delivered", "failed"), method, SECRET, NOW_MS).is_err(),
            "{method:?}"
        );
        for (other, _) in SIGNATURES.into_iter().filter(|(other, _)| *other != method) {
            assert!(checked(&query, other, SECRET, NOW_MS).is_err(), "{method:?} as {other:?}");
        }
    }
    let query = format!("{}&sig={AMPERSAND}", QUERY.replace("AcmeInc", "A%26B%3DC"));
    assert_eq!(checked(&query, Method::Sha256, SECRET, NOW_MS), Ok(()));
}

#[test]
fn an_old_receipt_and_one_without_a_signature_are_refused() {
    let query = format!("{QUERY}&sig={}", SIGNATURES[2].1);
    let day = 24 * 3_600_000;
    assert_eq!(checked(&query, Method::Sha256, SECRET, NOW_MS + day), Ok(()), "Vonage's last try");
    let old = checked(&query, Method::Sha256, SECRET, NOW_MS + 2 * day).unwrap_err();
    assert!(old.why.contains("too old"), "{old}");
    let bare = checked(QUERY, Method::Sha256, SECRET, NOW_MS).unwrap_err();
    assert!(bare.fix.contains("signed webhooks"), "{bare}");
    assert!(checked(&format!("{QUERY}&sig=xyz"), Method::Sha256, SECRET, NOW_MS).is_err());
}

pub(in crate::gateways::vonage) const BODY: &str = r#"{"messageId":"0A0000001234567B","status":"delivered"}"#;

/// A token as RFC 7519 has it.
fn made(head: &str, claims: &str, secret: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("Bearer {signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn by_token(token: &str, query: &str, body: &str) -> Result<(), String> {
    let inbound = inbound(query, &[("authorization", token)]);
    let secret = Secret::new(SECRET);
    verify(&inbound, body.as_bytes(), &Pairs::default(), (Method::Jwt, &secret), NOW_MS)
        .map_err(|refusal| refusal.to_string())
}

const HEAD: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn claims(payload: &str) -> String {
    format!(r#"{{"iat":1582650446,"jti":"c5ba8f24","iss":"Vonage","payload_hash":"{}"}}"#, hash(payload))
}

/// Header, claims and signature as Python's `hmac` and `base64` make them.
pub(in crate::gateways::vonage) const BY_PYTHON: &str = "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE1ODI2NTA0NDYsImp0aSI6ImM1YmE4ZjI0LTFhMTQtNGMx\
    MC1iZmRmLTNmYmU4Y2U1MTFiNSIsImlzcyI6IlZvbmFnZSIsInBheWxvYWRfaGFzaCI6ImUwMWZiMTFiM2JhZjc2ZmU5MDNmMzgx\
    MzI4NzRmNTNiZDEwNzYyMGVlM2RkZWQ4YTViNDE2M2Q3MTlkMjU1OGMiLCJhcGlfa2V5IjoiYWJjZDEyMzQifQ.jcWro02nGkc3O\
    yZNwUr1QsOCOGYKRbqXz_OqvCIHkDs";

#[test]
fn a_token_vouches_for_a_body_and_for_a_query() {
    assert_eq!(by_token(BY_PYTHON, "", BODY), Ok(()));
    assert_eq!(by_token(&made(HEAD, &claims(BODY), SECRET), "", BODY), Ok(()));
    let object = r#"{"status":"delivered","messageId":"0A","note":"a \"b\" é"}"#;
    let query = "status=delivered&messageId=0A&note=a+%22b%22+%C3%A9";
    assert_eq!(by_token(&made(HEAD, &claims(object), SECRET), query, ""), Ok(()));
}

#[test]
fn a_token_that_is_wrong_in_any_part_is_refused() {
    let right = claims(BODY);
    for (token, why) in [
        (String::new(), "there is no token"),
        ("Basic eDp5".to_owned(), "there is no token"),
        ("Bearer abc".to_owned(), "three parts"),
        ("Bearer a.b.%".to_owned(), "three parts"),
        (made(HEAD, &right, "guessed"), "signature_secret"),
        (made(r#"{"alg":"none"}"#, &right, SECRET), "not HS256"),
        (made(HEAD, &claims("{}"), SECRET), "payload_hash"),
        (made(HEAD, r#"{"iat":1582650446}"#, SECRET), "payload_hash"),
        (made(HEAD, &right.replace("1582650446", "1482650446"), SECRET), "too old"),
        (made(HEAD, "[]", SECRET), "claims"),
    ] {
        let said = by_token(&token, "", BODY).unwrap_err();
        assert!(said.contains(why), "{token}: {said}");
    }
}

fn check_any(query: &str, token: &str, body: &[u8]) {
    let inbound = inbound(query, &[("authorization", token)]);
    let pairs = Pairs::form(query.as_bytes());
    for method in SIGNATURES.map(|(method, _)| method).into_iter().chain([Method::Jwt]) {
        let verdict = verify(&inbound, body, &pairs, (method, &Secret::new(SECRET)), NOW_MS);
        assert!(verdict.is_err(), "{method:?}");
    }
}

proptest! {
    #[test]
    fn nothing_that_is_made_up_is_right(
        query in "(sig=[0-9a-f]{32,64}&)?timestamp=[0-9-]{0,12}&\\PC{0,30}",
        token in "Bearer [A-Za-z0-9_.-]{0,60}|\\PC{0,40}",
        body in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        check_any(&query, &token, &body);
    }
}
