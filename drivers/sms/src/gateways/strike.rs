//! The secrets of an account struck out of what answers: a page of an error may repeat the address that was asked for, and
//! its beginning is kept and shown.

/// What stands in the place of a secret.
const MASK: &[u8] = b"***";
/// What is shorter is not looked for, in bytes: it would be found everywhere.
const SHORTEST: usize = 4;

/// `body` without `secrets`. It must be the whole that came: a secret that was cut is not found any more.
pub(crate) fn struck(body: &[u8], mut secrets: Vec<String>) -> Vec<u8> {
    secrets.retain(|secret| secret.len() >= SHORTEST);
    // One may be the beginning of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((first, behind)) = rest.split_first() {
        match secrets.iter().find_map(|secret| rest.strip_prefix(secret.as_bytes())) {
            Some(behind) => {
                out.extend_from_slice(MASK);
                rest = behind;
            }
            None => {
                out.push(*first);
                rest = behind;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_secret_is_struck_out_and_nothing_else() {
        let secrets = || ["hunter2", "hunter2-and-more", "abc", ""].map(str::to_owned).to_vec();
        let of = |text: &str| String::from_utf8(struck(text.as_bytes(), secrets())).unwrap();
        assert_eq!(of("/send?p=hunter2&q=hunter2-and-more abc"), "/send?p=***&q=*** abc");
        assert_eq!(of(""), "");
        assert_eq!(struck(b"\xffhunter2\xff", secrets()), b"\xff***\xff");
    }

    proptest! {
        #[test]
        fn no_secret_is_left_in_any_body(
            before in prop::collection::vec(any::<u8>(), 0..40),
            secret in "[a-z]{4,12}",
            after in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let body = [&before, secret.as_bytes(), &after].concat();
            let out = struck(&body, vec![secret.clone()]);
            prop_assert!(!out.windows(secret.len()).any(|part| part == secret.as_bytes()));
        }
    }
}
