//! Are our excerpts worth more than the video's first words? ROUGE-1 and ROUGE-2 (F1, stemmed, mean of two human
//! summaries) on scripts that lie beside this file, against the lead baseline of the same length. The table that this
//! prints is the one in docs/speech.md.
#![allow(clippy::print_stdout, clippy::cast_precision_loss)]

use std::collections::HashMap;

use media::{Heard, Language, Segment, Settings, SummaryKind, SummaryRequest, Verdict, summary};
use rust_stemmers::{Algorithm, Stemmer};
use serde::Deserialize;
use unicode_segmentation::UnicodeSegmentation;

#[derive(Deserialize)]
struct File {
    script: Vec<Script>,
}

#[derive(Deserialize)]
struct Script {
    name: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    lines: Vec<String>,
    summaries: Vec<String>,
}

fn heard(script: &Script) -> Heard {
    let mut heard = Heard::nothing(Verdict::Speech, "test");
    heard.text = if script.lines.is_empty() {
        script.text.clone()
    } else {
        script.lines.join(" ")
    };
    heard.segments = script
        .lines
        .iter()
        .enumerate()
        .map(|(i, line)| {
            let start_ms = 500 + i as u64 * 5_000;
            Segment {
                start_ms,
                end_ms: start_ms + 4_000,
                text: line.clone(),
            }
        })
        .collect();
    heard
}

fn stems(text: &str, language: Language) -> Vec<String> {
    let stemmer = Stemmer::create(match language {
        Language::PtBr => Algorithm::Portuguese,
        Language::En => Algorithm::English,
        Language::Es => Algorithm::Spanish,
    });
    text.unicode_words()
        .map(|word| stemmer.stem(&word.to_lowercase()).into_owned())
        .collect()
}

fn rouge(n: usize, candidate: &[String], reference: &[String]) -> f64 {
    let grams = |words: &[String]| {
        let mut counts: HashMap<Vec<String>, usize> = HashMap::new();
        for gram in words.windows(n) {
            *counts.entry(gram.to_vec()).or_default() += 1;
        }
        counts
    };
    let (ours, theirs) = (grams(candidate), grams(reference));
    let hits: usize = ours
        .iter()
        .map(|(gram, count)| *count.min(theirs.get(gram).unwrap_or(&0)))
        .sum();
    let (p, r) = (
        hits as f64 / candidate.len().saturating_sub(n - 1).max(1) as f64,
        hits as f64 / reference.len().saturating_sub(n - 1).max(1) as f64,
    );
    if hits == 0 {
        0.0
    } else {
        2.0 * p * r / (p + r)
    }
}

#[test]
fn rouge_counts_as_it_should() {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert!((rouge(1, &words("a b c d"), &words("a b x y")) - 0.5).abs() < 1e-9);
    assert!((rouge(2, &words("a b c d"), &words("a b c x")) - 2.0 / 3.0).abs() < 1e-9);
    assert!(rouge(2, &words("a"), &words("b")) < 1e-9);
}

#[tokio::test]
async fn excerpts_beat_the_first_words() {
    let settings = Settings::default();
    let mut all = [0.0_f64; 4];
    let (mut count, mut wins) = (0.0, 0);
    println!("| script | ours R1 | lead R1 | ours R2 | lead R2 |\n|---|---|---|---|---|");
    for (language, file) in [
        (Language::PtBr, include_str!("summaries/pt.toml")),
        (Language::En, include_str!("summaries/en.toml")),
        (Language::Es, include_str!("summaries/es.toml")),
    ] {
        let file: File = toml::from_str(file).unwrap();
        assert!(file.script.len() >= 5);
        let mut sums = [0.0_f64; 4];
        for script in &file.script {
            let heard = heard(script);
            let words = stems(&heard.text, language);
            let request = SummaryRequest {
                caption: None,
                heard,
                author: None,
                language,
            };
            let made = summary::summarise(&settings, &request).await;
            assert_eq!(made.kind, SummaryKind::Excerpts, "{}", script.name);
            assert!(made.points.len() <= 3);
            let ours = stems(&made.points.join(" "), language);
            // As many words as ours, so that length decides nothing.
            let lead = &words[..ours.len().min(words.len())];
            assert_eq!(script.summaries.len(), 2);
            let mean = |n: usize, candidate: &[String]| {
                script
                    .summaries
                    .iter()
                    .map(|s| rouge(n, candidate, &stems(s, language)))
                    .sum::<f64>()
                    / 2.0
            };
            let row = [mean(1, &ours), mean(1, lead), mean(2, &ours), mean(2, lead)];
            wins += usize::from(row[0] > row[1]);
            println!(
                "| {} | {:.3} | {:.3} | {:.3} | {:.3} |",
                script.name, row[0], row[1], row[2], row[3]
            );
            for i in 0..4 {
                sums[i] += row[i];
                all[i] += row[i];
            }
            count += 1.0;
        }
        let n = file.script.len() as f64;
        println!(
            "| **{language}** | {:.3} | {:.3} | {:.3} | {:.3} |",
            sums[0] / n,
            sums[1] / n,
            sums[2] / n,
            sums[3] / n
        );
        assert!(
            sums[0] > sums[1] && sums[2] > sums[3],
            "{language}: the lead is better"
        );
    }
    let [ours1, lead1, ours2, lead2] = all.map(|sum| sum / count);
    println!("| **all {count}** | {ours1:.3} | {lead1:.3} | {ours2:.3} | {lead2:.3} | {wins} won");
    assert!(
        ours1 > lead1 + 0.05,
        "ROUGE-1 {ours1:.3} against {lead1:.3}"
    );
    assert!(
        ours2 > lead2 + 0.05,
        "ROUGE-2 {ours2:.3} against {lead2:.3}"
    );
}
