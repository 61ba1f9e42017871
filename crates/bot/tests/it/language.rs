//! Which language a person is answered in.

use bot::choose;
use media::Language::{self, En, Es, PtBr};

fn check(text: &str, known: Option<Language>, expected: Language) {
    assert_eq!(
        choose(text, known, PtBr),
        expected,
        "{text:?}, known {known:?}"
    );
}

#[test]
fn short_words_give_a_language_away() {
    for (text, expected) in [
        ("oi, tudo bem?", PtBr),
        ("Olá! faz um resumo pra mim?", PtBr),
        (
            "resumo por favor https://www.instagram.com/reel/C8Qx1abcDEF/",
            PtBr,
        ),
        ("valeu", PtBr),
        ("hi", En),
        ("what does he say?", En),
        (
            "please summarize this https://www.instagram.com/reel/C8Qx1abcDEF/",
            En,
        ),
        ("thanks", En),
        ("hola", Es),
        ("¿qué dice este video?", Es),
        ("buenos días, me haces un resumen?", Es),
        ("gracias", Es),
    ] {
        check(text, None, expected);
    }
}

#[test]
fn silence_keeps_what_is_known() {
    for text in [
        "",
        "👍",
        "https://www.instagram.com/reel/C8Qx1abcDEF/",
        "ok",
        "@fulano",
    ] {
        check(text, None, PtBr);
        check(text, Some(En), En);
        check(text, Some(Es), Es);
    }
}

#[test]
fn one_stray_word_does_not_turn_a_conversation_around() {
    check("ok thanks", Some(PtBr), PtBr);
    check("can you give me a summary of this", Some(PtBr), En);
    check("hello", Some(PtBr), En);
}

#[test]
fn longer_texts_are_told_by_their_letters() {
    let pt = "Gente, olhem que receita maravilhosa essa moça fez ontem à noite, fiquei com vontade \
              de preparar amanhã mesmo para toda a família no almoço de domingo";
    let en = "Everybody should look at the wonderful recipe that this woman prepared last night, \
              I would love to cook it tomorrow for the whole family at our Sunday lunch";
    let es = "Miren qué receta tan maravillosa preparó anoche esta chica, me dieron ganas de \
              cocinarla mañana mismo para toda la familia en el almuerzo del domingo";
    check(pt, Some(En), PtBr);
    check(en, Some(PtBr), En);
    check(es, Some(PtBr), Es);
}
