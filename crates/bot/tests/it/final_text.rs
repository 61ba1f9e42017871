//! The answer's words: frame, label, points, credit, cut.

use bot::{Answer, compose, cut};
use media::{Language, Summary, SummaryKind, Verdict};
use proptest::prelude::*;

fn summary(kind: SummaryKind, points: &[&str]) -> Summary {
    Summary {
        title: None,
        points: points.iter().map(|&point| point.to_owned()).collect(),
        kind,
        low_confidence: false,
        engine: "test".into(),
    }
}

fn answer<'a>(verdict: &'a Verdict, summary: &'a Summary) -> Answer<'a> {
    Answer {
        language: Language::PtBr,
        place: None,
        verdict,
        summary,
        only_pictures: false,
        author: None,
        permalink: None,
    }
}

#[test]
fn excerpts_are_labelled_and_credited() {
    let summary = summary(SummaryKind::Excerpts, &["First thing.", "Second thing."]);
    let text = compose(&Answer {
        place: Some((2, 3)),
        author: Some("fulano.x"),
        permalink: Some("https://www.instagram.com/reel/C8Qx1abcDEF/"),
        ..answer(&Verdict::Speech, &summary)
    });
    assert_eq!(
        text,
        "2 de 3\nTrechos principais (modo offline):\n• First thing.\n• Second thing.\n\
         Por @fulano.x · https://www.instagram.com/reel/C8Qx1abcDEF/"
    );
}

#[test]
fn each_verdict_says_where_the_words_come_from() {
    let not_heard = Verdict::NotHeard {
        why: "no engine".into(),
    };
    let table: &[(&Verdict, SummaryKind, &[&str], &str)] = &[
        (
            &Verdict::MusicOnly,
            SummaryKind::CaptionOnly,
            &["Legenda."],
            "Só tem música nesse. O resumo vem da legenda:\nLegenda.",
        ),
        (
            &Verdict::MusicOnly,
            SummaryKind::Nothing,
            &[],
            "Só tem música nesse, e ele veio sem legenda.",
        ),
        (
            &Verdict::Silence,
            SummaryKind::CaptionOnly,
            &["Legenda."],
            "Esse vem sem som. O resumo vem da legenda:\nLegenda.",
        ),
        (
            &Verdict::NoAudio,
            SummaryKind::Nothing,
            &[],
            "Esse vem sem som e sem legenda.",
        ),
        (
            &not_heard,
            SummaryKind::CaptionOnly,
            &["Legenda."],
            "Desta vez não ouvi o áudio; o resumo vem da legenda:\nLegenda.",
        ),
        (
            &Verdict::Speech,
            SummaryKind::Model,
            &["Um.", "Dois."],
            "• Um.\n• Dois.",
        ),
        (
            &Verdict::Speech,
            SummaryKind::AsIs,
            &["Oi, gente."],
            "Oi, gente.",
        ),
        (
            &Verdict::Speech,
            SummaryKind::Nothing,
            &[],
            "Não achei fala nem legenda aqui.",
        ),
    ];
    for (verdict, kind, points, expected) in table {
        assert_eq!(
            compose(&answer(verdict, &summary(*kind, points))),
            *expected
        );
    }
}

#[test]
fn doubt_is_said_and_nothing_is_clickable() {
    let mut summary = summary(
        SummaryKind::Model,
        &[
            "Veja https://evil.example/x agora",
            "www.evil.example \u{202e}oi\u{200b}",
            "instagram.com/reel/C8Qx1abcDEF",
        ],
    );
    summary.low_confidence = true;
    let text = compose(&Answer {
        author: Some("não é nome"),
        ..answer(&Verdict::Speech, &summary)
    });
    assert_eq!(
        text,
        "• Veja agora\n• oi\nO áudio estava difícil (transcrição incerta); confira antes de confiar."
    );
}

#[test]
fn long_answers_end_at_sentences_and_stop() {
    let points: Vec<String> = (0..60)
        .map(|n| format!("Frase número {n} com acentuação e emoção."))
        .collect();
    let points: Vec<&str> = points.iter().map(String::as_str).collect();
    let text = compose(&answer(
        &Verdict::Speech,
        &summary(SummaryKind::Model, &points),
    ));
    let messages = cut(&text, |text| graph_api::limits::split_text(text, 850));
    assert_eq!(messages.len(), 3);
    for message in &messages {
        assert!(message.len() <= 853, "{}", message.len());
    }
    assert!(messages[0].ends_with('.'), "{}", messages[0]);
    assert!(messages[2].ends_with('…'), "{}", messages[2]);
}

/// Pieces that make a link when they meet, with what people put between them to hide it.
const PIECES: &str = "(https?://|www\\.|insta|gram|\u{200b}|\u{202e}|\u{ad}|\\.com|/reel/|/p/|C8Qx1abcDEF|instagr\\.am| |[a-z]{1,3}|\\PC){0,12}";

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    /// Whatever a model or a caption says, an answer of ours is nothing that we would answer: our only
    /// link is the post's own, which is not among these.
    #[test]
    fn no_words_make_an_answer_that_we_would_answer(title in PIECES, points in proptest::collection::vec(PIECES, 0..4)) {
        let mut summary = summary(SummaryKind::Model, &[]);
        summary.title = Some(title);
        summary.points = points;
        let text = compose(&answer(&Verdict::Speech, &summary));
        prop_assert!(media::link::find(&text).is_empty(), "{}", text);
        prop_assert!(!text.contains("://"), "{}", text);
    }
}
