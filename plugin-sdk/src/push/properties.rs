//! What holds for every message that somebody posts, and for every cut.

use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::json;

use super::{ELLIPSIS, Push, fitted};
use crate::{Content, Notice, Options, SubscriberUri};

/// Any body is a notification or is refused with a place in it.
fn check_any(body: &[u8], text: &str) {
    let (uri, options) = (SubscriberUri::parse("apns:a").unwrap(), Options::default());
    let mut notice = Notice::new("d", &uri, &[], &options);
    notice.body = body;
    notice.content = Content::text(text);
    match Push::of(&notice, "apns") {
        Ok(push) => {
            assert!(push.text == text || push.text.is_empty() || body.contains(&b'{'));
            assert!(
                push.image
                    .is_none_or(|image| image.get(..6).is_some_and(|s| s.eq_ignore_ascii_case("https:")))
            );
        }
        Err(refusal) => assert!(refusal.at.starts_with('/') && !refusal.fix.is_empty(), "{refusal}"),
    }
}

/// A cut is a beginning of the text, it fits, and nothing longer would.
fn check_cut(text: &str, limit: usize) {
    let size = |text: &str| json!({"text": text}).to_string().len();
    match fitted(text, size, limit) {
        Some(Cow::Borrowed(whole)) => assert!(whole == text && size(text) <= limit),
        Some(Cow::Owned(cut)) => {
            let kept = cut.strip_suffix(ELLIPSIS).unwrap();
            assert!(text.starts_with(kept) && size(&cut) <= limit && size(text) > limit);
        }
        None => assert!(size(&ELLIPSIS.to_string()) > limit && size(text) > limit),
    }
}

/// Bodies near those of the documentation.
fn near() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["title", "text", "data", "badge", "sound", "image", "link", "aps"]);
    let value = prop::sample::select(vec![
        "null",
        "0",
        "-1",
        "4294967296",
        "1.5",
        "\"\"",
        "\"https://a/b\"",
        "\"HTTPS:a\"",
        "\"x:\"",
        "[]",
        "{}",
        "{\"a\":1}",
    ]);
    let members = prop::collection::vec((name, value), 0..5);
    (members.clone(), members, any::<bool>()).prop_map(|(outer, inner, own)| {
        let list = |members: Vec<(&str, &str)>| {
            members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect::<Vec<_>>()
        };
        let mut all = list(outer);
        if own {
            all.push(format!("\"apns\":{{{}}}", list(inner).join(",")));
        }
        format!("{{{}}}", all.join(","))
    })
}

proptest! {
    #[test]
    fn any_message_is_a_notification_or_refused(body in prop::collection::vec(any::<u8>(), 0..100), text in ".{0,20}") {
        check_any(&body, &text);
    }

    #[test]
    fn any_message_like_a_notification_is_one_or_refused(body in near()) {
        check_any(body.as_bytes(), &body);
    }

    #[test]
    fn any_text_is_cut_to_any_size(
        text in "(\\PC|.|👍🏽|e\u{301}|🇩🇪|\"|\n| ){0,60}", limit in 0_usize..300,
    ) {
        check_cut(&text, limit);
    }
}
