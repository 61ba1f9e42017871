//! The offline summary: the sentences of the video that say most about it, in the video's own words and order. TF-IDF
//! centroid with maximal marginal relevance over sentences of 8 to 40 words; the choice of method is argued and measured
//! in docs/speech.md. Deterministic, no model, microseconds.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation;

use super::words::{self, Words};
use crate::{Language, Segment};

/// Sentences shorter than this are joined to their neighbour; longer than that are cut.
const SHORTEST: usize = 8;
const LONGEST: usize = 40;
/// Relevance against novelty.
const MMR: f32 = 0.7;
/// A pause of this length ends a sentence of a recogniser that writes no full stops.
const PAUSE_MS: u64 = 700;
/// Weight of the caption's words in the centroid: the author knew what it is about.
const CAPTION: f32 = 0.3;
/// What a sentence that only asks to follow, like or comment is worth.
const APPEAL: f32 = 0.3;
/// So many sentences get three excerpts instead of two.
const MANY: usize = 8;

/// Chooses the key sentences.
pub(super) fn excerpts(
    text: &str,
    segments: &[Segment],
    caption: &str,
    language: Option<Language>,
) -> Vec<String> {
    let sentences: Vec<String> = join_short(sentences(text, segments))
        .iter()
        .map(|sentence| without_fillers(sentence, language))
        .filter(|sentence| words::count(sentence) > 0)
        .collect();
    let many = if sentences.len() < MANY { 2 } else { 3 };
    if sentences.len() <= many {
        return sentences;
    }
    let words = Words::of(language);
    let contents: Vec<Vec<String>> = sentences.iter().map(|s| words.content(s)).collect();
    let mut frequency: HashMap<&str, f32> = HashMap::new();
    for content in &contents {
        let mut seen: Vec<&str> = content.iter().map(String::as_str).collect();
        seen.sort_unstable();
        seen.dedup();
        for word in seen {
            *frequency.entry(word).or_default() += 1.0;
        }
    }
    let count = to_f32(sentences.len());
    let weight = |word: &str| (1.0 + count / frequency.get(word).copied().unwrap_or(1.0)).ln();
    let vectors: Vec<Vector> = contents
        .iter()
        .map(|content| vector(content, &weight))
        .collect();
    let mut centroid = Vector::new();
    for vector in &vectors {
        add(&mut centroid, vector, 1.0);
    }
    add(
        &mut centroid,
        &vector(&words.content(caption), &weight),
        CAPTION,
    );
    let relevance: Vec<f32> = vectors
        .iter()
        .zip(&sentences)
        .map(|(vector, sentence)| {
            let worth = if is_appeal(sentence) { APPEAL } else { 1.0 };
            cosine(vector, &centroid) * worth
        })
        .collect();
    let mut chosen = choose(&relevance, &vectors, many);
    chosen.sort_unstable();
    chosen.into_iter().map(|i| sentences[i].clone()).collect()
}

fn choose(relevance: &[f32], vectors: &[Vector], many: usize) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < many {
        let value = |i: usize| {
            let said = chosen
                .iter()
                .map(|j| cosine(&vectors[i], &vectors[*j]))
                .fold(0.0, f32::max);
            MMR * relevance[i] - (1.0 - MMR) * said
        };
        let best = (0..relevance.len())
            .filter(|i| !chosen.contains(i))
            // The earlier one where two are equal, so that the answer never depends on chance.
            .max_by(|a, b| value(*a).total_cmp(&value(*b)).then(b.cmp(a)));
        match best {
            Some(best) => chosen.push(best),
            None => break,
        }
    }
    chosen
}

type Vector = HashMap<String, f32>;

fn vector(content: &[String], weight: &impl Fn(&str) -> f32) -> Vector {
    let mut vector = Vector::new();
    for word in content {
        *vector.entry(word.clone()).or_default() += weight(word);
    }
    vector
}

fn add(to: &mut Vector, what: &Vector, share: f32) {
    for (word, value) in what {
        *to.entry(word.clone()).or_default() += share * value;
    }
}

fn cosine(a: &Vector, b: &Vector) -> f32 {
    // Summed in a fixed order: a map's own order would change the last digits from run to run.
    let mut words: Vec<&String> = a.keys().collect();
    words.sort_unstable();
    let dot: f32 = words
        .iter()
        .filter_map(|word| Some(a[*word] * b.get(*word)?))
        .sum();
    let size = |vector: &Vector| {
        let mut values: Vec<f32> = vector.values().map(|v| v * v).collect();
        values.sort_unstable_by(f32::total_cmp);
        values.iter().sum::<f32>().sqrt()
    };
    dot / (size(a) * size(b)).max(1e-9)
}

/// Sentences of a text; of a text without punctuation, its segments, cut at pauses.
fn sentences(text: &str, segments: &[Segment]) -> Vec<String> {
    let ends = text.matches(['.', '!', '?', '…']).count();
    let total = words::count(text);
    let written: Vec<String> = if ends * LONGEST >= total {
        text.unicode_sentences()
            .map(|s| s.trim().to_owned())
            .filter(|s| !s.is_empty())
            .collect()
    } else if segments.len() > 1 {
        by_pauses(segments)
    } else {
        text.lines().map(str::to_owned).collect()
    };
    written
        .into_iter()
        .flat_map(|sentence| cut_long(&sentence))
        .collect()
}

fn by_pauses(segments: &[Segment]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut last_end = None;
    for segment in segments {
        let text = segment.text.trim();
        let goes_on = last_end.is_some_and(|end| segment.start_ms < end + PAUSE_MS);
        match out.last_mut() {
            // Recognisers without times give every segment the whole clip; each is then a sentence of its own.
            Some(last) if goes_on && segment.start_ms > 0 && words::count(last) < SHORTEST => {
                last.push(' ');
                last.push_str(text);
            }
            _ => out.push(text.to_owned()),
        }
        last_end = Some(segment.end_ms);
    }
    out
}

/// Cuts what is too long to be one sentence: at a conjunction near the middle of the allowed length, else hard.
fn cut_long(sentence: &str) -> Vec<String> {
    let all: Vec<&str> = sentence.split_whitespace().collect();
    let mut rest = &all[..];
    let mut out = Vec::new();
    while rest.len() > LONGEST {
        let window = SHORTEST + 4..LONGEST - 8;
        let middle = LONGEST / 2;
        let cut = window
            .filter(|i| JOINTS.contains(&rest[*i].to_lowercase().as_str()))
            .min_by_key(|i| i.abs_diff(middle))
            .unwrap_or(middle);
        out.push(rest[..cut].join(" "));
        rest = &rest[cut..];
    }
    if !rest.is_empty() {
        out.push(rest.join(" "));
    }
    out
}

/// Words at which a spoken sentence may be cut.
const JOINTS: &[&str] = &[
    "e", "mas", "porque", "então", "aí", "depois", "quando", "and", "but", "because", "so", "then",
    "when", "y", "pero", "porque", "entonces", "luego", "después", "cuando",
];

/// Joins short sentences to what follows, so that each unit says something.
fn join_short(sentences: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut open = false;
    for sentence in sentences {
        let long = words::count(&sentence) >= SHORTEST;
        match out.last_mut() {
            Some(last)
                if open
                    && words::count(last) + words::count(&sentence) <= LONGEST
                    && !is_appeal(last) =>
            {
                last.push(' ');
                last.push_str(&sentence);
                open = words::count(last) < SHORTEST;
            }
            _ => {
                open = !long;
                out.push(sentence);
            }
        }
    }
    out
}

/// Sounds of thinking, at any place.
fn is_hesitation(word: &str, language: Option<Language>) -> bool {
    let any = ["uh", "uhm", "hmm", "hum", "ahn", "éé", "ééé", "ehh", "mmm"].contains(&word);
    // "um" is an article in Portuguese.
    any || match language {
        Some(Language::En) => ["um", "er", "erm"].contains(&word),
        Some(Language::PtBr) => ["né", "ah"].contains(&word),
        Some(Language::Es) => ["eh", "em"].contains(&word),
        None => false,
    }
}

/// Words that mean nothing at a sentence's beginning and something elsewhere.
const OPENERS: &[&str] = &[
    "então", "aí", "bom", "olha", "tipo", "gente", "enfim", "so", "well", "okay", "ok", "like",
    "anyway", "bueno", "pues", "entonces", "oye", "mira",
];

fn without_fillers(sentence: &str, language: Option<Language>) -> String {
    let plain = |word: &str| {
        word.trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase()
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut began = false;
    for word in sentence.split_whitespace() {
        let bare = plain(word);
        let filler = is_hesitation(&bare, language) || (!began && OPENERS.contains(&bare.as_str()));
        if filler && !word.ends_with(['.', '!', '?']) {
            continue;
        }
        if is_hesitation(&bare, language) {
            // It closed a sentence: its full stop stays with the word before.
            continue;
        }
        began = true;
        kept.push(word);
    }
    let mut out = kept.join(" ");
    if let Some(first) = out.chars().next().filter(|c| c.is_lowercase()) {
        let upper: String = first.to_uppercase().collect();
        out.replace_range(..first.len_utf8(), &upper);
    }
    out
}

/// Whether a sentence only asks for attention or greets; every reel has one and it says nothing about the video.
fn is_appeal(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    APPEALS.iter().any(|appeal| lower.contains(appeal))
}

const APPEALS: &[&str] = &[
    // Portuguese
    "me segue",
    "segue aqui",
    "segue o perfil",
    "segue para",
    "segue pra",
    "curte e",
    "curte o",
    "deixa o like",
    "comenta aqui",
    "comenta aí",
    "inscreve",
    "salva esse",
    "salva este",
    "compartilha",
    "manda para",
    "manda pra",
    "link na bio",
    "oi gente",
    "oi, gente",
    "fala galera",
    "fala, galera",
    "e aí galera",
    "e aí, galera",
    "até o próximo",
    "até a próxima",
    "bora lá",
    "fica até o final",
    // English
    "follow for",
    "follow me",
    "hit follow",
    "subscribe",
    "smash that",
    "like and",
    "comment below",
    "in the comments",
    "save this",
    "share this",
    "send this to",
    "link in bio",
    "link in my bio",
    "hey guys",
    "hi everyone",
    "hello everyone",
    "welcome back",
    "see you next",
    "see you in the next",
    "stick around",
    "watch until the end",
    // Spanish
    "sígueme",
    "síguenos",
    "sigue para",
    "dale like",
    "dale me gusta",
    "suscríbete",
    "comenta abajo",
    "en los comentarios",
    "guarda este",
    "comparte este",
    "compártelo",
    "enlace en la bio",
    "hola a todos",
    "hola amigos",
    "hola, amigos",
    "nos vemos en",
    "hasta la próxima",
    "quédate hasta el final",
];

#[allow(clippy::cast_precision_loss)] // sentences of one video
fn to_f32(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(start_ms: u64, end_ms: u64, text: &str) -> Segment {
        Segment {
            start_ms,
            end_ms,
            text: text.into(),
        }
    }

    #[test]
    fn text_without_punctuation_is_cut_at_segments_and_pauses() {
        let segments = [
            segment(100, 2_000, "primeiro a gente coloca a farinha"),
            segment(2_100, 4_000, "e mexe bem devagar com a colher"),
            segment(
                6_000,
                9_000,
                "depois o forno tem que estar bem quente antes de entrar a massa",
            ),
        ];
        let text = segments
            .iter()
            .map(|s| s.text.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        let found = sentences(&text, &segments);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[1].starts_with("depois o forno"));
    }

    #[test]
    fn endless_sentences_are_cut_at_a_joint() {
        let long = format!(
            "{} mas {}",
            vec!["palavra"; 18].join(" "),
            vec!["outra"; 25].join(" ")
        );
        let cut = cut_long(&long);
        assert_eq!(cut.len(), 2);
        assert!(cut[1].starts_with("mas outra"));
        assert!(
            cut_long(&vec!["x"; 130].join(" "))
                .iter()
                .all(|s| words::count(s) <= LONGEST)
        );
    }

    #[test]
    fn fillers_go_and_articles_stay() {
        assert_eq!(
            without_fillers("então, né, um copo de água, né?", Some(Language::PtBr)),
            "Um copo de água,"
        );
        assert_eq!(
            without_fillers("Well, um, the door uh closed.", Some(Language::En)),
            "The door closed."
        );
        assert_eq!(without_fillers("um copo", None), "Um copo");
    }

    #[test]
    fn order_is_kept_and_repeats_are_chosen_once() {
        let text = "O forno precisa estar a duzentos graus antes de receber o pão. \
                    Eu gosto muito de viajar nas férias com a minha família toda. \
                    O pão entra no forno quente e assa por quarenta minutos inteiros. \
                    O forno precisa estar a duzentos graus antes de receber o pão. \
                    A massa do pão descansa na geladeira durante a noite inteira.";
        let found = excerpts(text, &[], "", Some(Language::PtBr));
        assert_eq!(found.len(), 2);
        assert_ne!(found[0], found[1]);
        assert!(text.find(&found[0]) < text.find(&found[1]));
        assert_eq!(found, excerpts(text, &[], "", Some(Language::PtBr)));
    }
}
