//! The order of what is found.

use proptest::prelude::*;

use super::*;
use crate::fold::{Folded, fold};

fn score(question: &str, head: &str, spoken: &str) -> f64 {
    let question = Folded::new(question);
    fit(&question.words(), &fold(head), &fold(spoken)).score
}

#[test]
fn the_better_a_word_fits_the_higher_it_stands() {
    let exact = score("sourdough", "", "how to feed sourdough");
    let prefix = score("sourdou", "", "how to feed sourdough");
    let one_slip = score("sourdoguh", "", "how to feed sourdough");
    let two_slips = score("saurdoguh", "", "how to feed sourdough");
    let within = score("dough", "", "how to feed sourdough");
    let alike = score("soordoughts", "", "how to feed sourdough");
    let nothing = score("motorcycle", "", "how to feed sourdough");
    let order = [exact, prefix, one_slip, two_slips, within, alike, nothing];
    assert!(order.is_sorted_by(|one, other| one > other), "{order:?}");
    assert!(nothing.abs() < f64::EPSILON);
}

#[test]
fn what_names_an_entry_weighs_more_than_what_is_said_in_it() {
    let named = score("levain", "Levain em casa", "hoje vamos assar");
    let said = score("levain", "Hoje", "hoje vamos assar um levain em casa");
    assert!(named > said);
    // But not a likeness in the title more than the word itself.
    assert!(score("levain", "levada", "") < said);
}

#[test]
fn all_the_words_count_more_than_one_of_them() {
    let both = score("bread oven", "", "put the bread into the oven");
    let one = score("bread oven", "bread", "bread and bread again");
    assert!(both > one);
}

#[test]
fn accents_and_case_do_not_matter() {
    assert!((score("PAO", "", "o pão está pronto") - EXACT).abs() < f64::EPSILON);
    assert!((score("pão", "", "O PAO") - EXACT).abs() < f64::EPSILON);
}

#[test]
fn short_words_have_no_slips() {
    assert!(score("pao", "", "mao mau paz").abs() < f64::EPSILON);
    assert!(score("bolo", "", "colo") > 0.0);
}

#[test]
fn the_hits_are_the_entrys_own_words() {
    let question = Folded::new("sourdoguh brea");
    let fit = fit(
        &question.words(),
        &fold("Bread"),
        &fold("Feed your sourdough"),
    );
    assert_eq!(fit.hits, ["sourdough", "bread"]);
}

#[test]
fn a_script_without_spaces_is_searched_within_its_lines() {
    assert!(score("面包", "", "今天做面包很好") > 0.0);
}

#[test]
fn a_swap_is_one_slip() {
    let letters = |text: &str| text.chars().collect::<Vec<_>>();
    for (one, other, expected) in [
        ("forno", "fonro", Some(1)),
        ("forno", "forno", Some(0)),
        ("forno", "fornos", Some(1)),
        ("forno", "fxrnx", None),
        ("", "a", Some(1)),
    ] {
        assert_eq!(
            slips(&letters(one), &letters(other), 1),
            expected,
            "{one} {other}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_word_of_a_text_is_found_in_it(words in prop::collection::vec("[a-zà-ú]{1,9}", 1..20), at in 0_usize..20) {
        let text = fold(&words.join(" "));
        let all: Vec<&str> = text.split_whitespace().collect();
        let word = all[at % all.len()];
        let fit = fit(&[word], " ", &text);
        prop_assert!((fit.score - EXACT).abs() < f64::EPSILON);
        prop_assert_eq!(fit.hits, [word]);
    }

    #[test]
    fn slips_are_the_same_both_ways(one in "[ab]{0,7}", other in "[ab]{0,7}") {
        let one: Vec<char> = one.chars().collect();
        let other: Vec<char> = other.chars().collect();
        for allowed in 0..4 {
            let there = slips(&one, &other, allowed);
            prop_assert_eq!(there, slips(&other, &one, allowed));
            // More patience never changes a count that was found.
            prop_assert!(there.is_none() || there == slips(&one, &other, allowed + 1));
        }
    }

    #[test]
    fn a_score_stays_within_its_bounds(question in "\\PC{0,30}", head in "\\PC{0,30}", spoken in "\\PC{0,60}") {
        let score = score(&question, &head, &spoken);
        prop_assert!((0.0..=EXACT * HEAD_WEIGHT).contains(&score));
    }
}
