//! Cutting texts: whatever the text, no part is too long, no part is empty, and nothing but white
//! space is missing.

use graph_api::limits::{TEXT_BYTES, split_text};
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

fn visible(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn check(text: &str, max_bytes: usize) -> Result<(), TestCaseError> {
    let parts = split_text(text, max_bytes);
    for part in &parts {
        prop_assert!(
            part.len() <= max_bytes.max(4),
            "{} bytes of {max_bytes}",
            part.len()
        );
        prop_assert!(!part.trim().is_empty());
    }
    prop_assert_eq!(visible(&parts.concat()), visible(text));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text(text in any::<String>(), max_bytes in 0_usize..80) {
        check(&text, max_bytes)?;
    }

    #[test]
    fn sentences(
        text in "([A-Za-zçãéñ]{1,9}[ ,.!?…\n]{1,2}|👨\u{200d}👩\u{200d}👧|🇧🇷|Привет\\. |مرحبا |これは文です。){0,60}",
        max_bytes in 30_usize..200,
    ) {
        check(&text, max_bytes)?;
        // With room for every visible character, none is cut.
        let whole: Vec<&str> = text.graphemes(true).filter(|g| !g.trim().is_empty()).collect();
        let parts = split_text(&text, max_bytes);
        let cut: Vec<&str> = parts
            .iter()
            .flat_map(|part| part.graphemes(true))
            .filter(|g| !g.trim().is_empty())
            .collect();
        prop_assert_eq!(whole, cut);
    }
}

#[test]
fn a_long_text_at_metas_limit() {
    for sentence in [
        "It was a fine evening. ",
        "Был прекрасный вечер. ",
        "Foi uma bela noite! ",
    ] {
        let text = sentence.repeat(150);
        let parts = split_text(&text, TEXT_BYTES);
        assert!(
            parts.len() <= text.len() / TEXT_BYTES + 2,
            "{} parts",
            parts.len()
        );
        for part in &parts {
            assert!(part.len() <= TEXT_BYTES);
            assert!(
                part.ends_with(['.', '!']),
                "cut inside a sentence: {part:?}"
            );
        }
        assert_eq!(visible(&parts.concat()), visible(&text));
    }
}
