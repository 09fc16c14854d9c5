use proptest::prelude::*;

use super::{gsm::tests::alphabet, *};

const RULES: Rules = Rules { max_parts: 255, transliterate: false, wide_reference: false, latin1: false };

fn plan(text: &str) -> Text {
    Text::plan(text, &RULES, Overflow::Split).unwrap()
}

fn lengths(text: &Text) -> Vec<usize> {
    text.parts().iter().map(|part| length(text.encoding(), part)).collect()
}

#[test]
fn one_part_ends_at_160_septets_and_at_70_units() {
    for (text, encoding, parts) in [
        ("a".to_owned(), Encoding::Gsm, vec![1]),
        ("a".repeat(160), Encoding::Gsm, vec![160]),
        ("a".repeat(161), Encoding::Gsm, vec![153, 8]),
        ("€".repeat(80), Encoding::Gsm, vec![160]),
        ("€".repeat(81), Encoding::Gsm, vec![152, 10]),
        ("a".repeat(1000), Encoding::Gsm, vec![153, 153, 153, 153, 153, 153, 82]),
        ("ж".repeat(70), Encoding::Ucs2, vec![70]),
        ("ж".repeat(71), Encoding::Ucs2, vec![67, 4]),
        ("😀".repeat(35), Encoding::Ucs2, vec![70]),
        ("😀".repeat(36), Encoding::Ucs2, vec![66, 6]),
    ] {
        let planned = plan(&text);
        assert_eq!((planned.encoding(), lengths(&planned)), (encoding, parts), "{text}");
    }
}

#[test]
fn a_reference_of_16_bits_takes_an_octet_more() {
    let wide = Rules { wide_reference: true, ..RULES };
    let planned = |text: &str| lengths(&Text::plan(text, &wide, Overflow::Split).unwrap());
    assert_eq!(planned(&"a".repeat(161)), [152, 9]);
    assert_eq!(planned(&"ж".repeat(71)), [66, 5]);
}

#[test]
fn the_plan_is_shown_with_the_length_of_each_part() {
    assert_eq!(plan("Hello").shown(), "GSM 03.38, 1 part: 5 septets");
    assert_eq!(plan(&"ж".repeat(71)).shown(), "UCS-2, 2 parts: 67 + 4 UTF-16 units");
}

#[test]
fn one_curly_quote_costs_the_alphabet_unless_it_is_written_plainly() {
    let text = "It\u{2019}s done";
    assert_eq!(plan(text).encoding(), Encoding::Ucs2);
    let plainly = Rules { transliterate: true, ..RULES };
    let planned = Text::plan(text, &plainly, Overflow::Split).unwrap();
    assert_eq!((planned.encoding(), planned.whole().as_str()), (Encoding::Gsm, "It's done"));
}

#[test]
fn latin1_has_neither_greek_letters_nor_the_euro_sign() {
    let latin1 = Rules { latin1: true, ..RULES };
    for (text, encoding) in [("Ärger [1]", Encoding::Gsm), ("Ω", Encoding::Ucs2), ("5 €", Encoding::Ucs2)]
    {
        assert_eq!(Text::plan(text, &latin1, Overflow::Split).unwrap().encoding(), encoding, "{text}");
    }
}

#[test]
fn what_overflows_is_split_cut_or_refused_as_the_option_says() {
    let long = "a".repeat(170);
    let cut = Text::plan(&long, &RULES, Overflow::Truncate).unwrap();
    assert_eq!((lengths(&cut), cut.whole().ends_with("a...")), (vec![160], true));
    let cut = Text::plan(&"😀".repeat(36), &RULES, Overflow::Truncate).unwrap();
    assert_eq!(cut.whole(), format!("{}\u{2026}", "😀".repeat(34)));
    let why = Text::plan(&long, &RULES, Overflow::Refuse).unwrap_err().to_string();
    assert!(why.contains("170 septets are more than the 160 of one SMS"), "{why}");
}

#[test]
fn more_parts_than_the_account_allows_and_no_text_at_all_are_refused() {
    let two = Rules { max_parts: 2, ..RULES };
    let why = Text::plan(&"a".repeat(307), &two, Overflow::Split).unwrap_err().to_string();
    assert!(why.contains("3 parts are more than the 2") && why.contains("max_parts"), "{why}");
    for empty in ["", " \n"] {
        assert_eq!(Text::plan(empty, &RULES, Overflow::Split).unwrap_err().at, "text");
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let of_the_alphabet = prop::collection::vec(alphabet(), 1..1500);
    let of_anything = prop::collection::vec(prop_oneof![alphabet(), any::<char>(), Just('😀')], 1..600);
    prop_oneof![of_the_alphabet, of_anything].prop_map(|text| text.into_iter().collect())
}

proptest! {
    #[test]
    fn the_parts_are_the_text_and_each_is_within_its_room(text in any_text(), wide in any::<bool>()) {
        let rules = Rules { wide_reference: wide, ..RULES };
        let Ok(planned) = Text::plan(&text, &rules, Overflow::Split) else {
            prop_assert!(text.trim().is_empty());
            return Ok(());
        };
        prop_assert_eq!(planned.whole(), text.replace("\r\n", "\n"));
        let (alone, together) = planned.encoding().room(wide);
        let room = if planned.parts().len() == 1 { alone } else { together };
        prop_assert!(lengths(&planned).into_iter().all(|one| (1..=room).contains(&one)));
    }

    #[test]
    fn a_cut_text_fits_and_is_its_beginning(text in any_text()) {
        let Ok(planned) = Text::plan(&text, &RULES, Overflow::Truncate) else { return Ok(()) };
        prop_assert_eq!(planned.parts().len(), 1);
        prop_assert!(lengths(&planned)[0] <= planned.encoding().room(false).0);
        let whole = planned.whole();
        let beginning = whole.trim_end_matches("...").trim_end_matches('\u{2026}');
        prop_assert!(text.replace("\r\n", "\n").starts_with(beginning));
    }
}
