//! The sentences by which a waiting message and an apology are known, by their keys in the bot's own files of
//! sentences: what a translator changes there is known here the same moment.

/// The files, one a language.
const FILES: [&str; 3] = [
    include_str!("../../../bot/locales/pt-BR/chat.ftl"),
    include_str!("../../../bot/locales/en/chat.ftl"),
    include_str!("../../../bot/locales/es/chat.ftl"),
];
/// What the keys of promises begin with: a message that ends as one was left dangling.
const PROMISES: [&str; 4] = ["received", "queued", "step-", "video-follows"];
/// What the key of the sentence begins with that says that a job was given up.
const GIVEN_UP: &str = "failed-internal";

/// Sentences, each as the pieces around what is filled in.
#[derive(Debug, Clone, Default)]
pub struct Signs {
    promises: Vec<Vec<String>>,
    given_up: Vec<Vec<String>>,
}

impl Signs {
    /// Those of every language.
    pub fn read() -> Self {
        let mut signs = Self::default();
        for file in FILES {
            for (key, sentence) in sentences(file) {
                if PROMISES.iter().any(|start| key.starts_with(start)) {
                    signs.promises.push(pieces(&sentence));
                } else if key.starts_with(GIVEN_UP) {
                    signs.given_up.push(pieces(&sentence));
                }
            }
        }
        signs
    }

    /// Whether a message promises that something follows.
    pub fn promises(&self, message: &str) -> bool {
        says(&self.promises, message)
    }

    /// Whether a message says that nothing will follow.
    pub fn gives_up(&self, message: &str) -> bool {
        says(&self.given_up, message)
    }

    /// The first word to somebody who sent a link.
    pub fn received() -> String {
        Self::sentence("received")
    }

    /// A sentence by its key, as a person reads it whose language is Portuguese.
    pub fn sentence(key: &str) -> String {
        let all = sentences(FILES.first().copied().unwrap_or_default());
        let found = all.into_iter().find(|(known, _)| known == key);
        found.map(|(_, sentence)| sentence).unwrap_or_default()
    }
}

/// Whether a line of the message is one of the sentences, by itself or behind its number among several.
fn says(sentences: &[Vec<String>], message: &str) -> bool {
    let is_one = |line: &str| sentences.iter().any(|pieces| matches(pieces, line));
    message
        .lines()
        .any(|line| is_one(line) || line.split_once(": ").is_some_and(|(_, rest)| is_one(rest)))
}

/// Keys with their sentences; a key whose sentence depends on a number comes once for each.
fn sentences(file: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut key = "";
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        if !line.starts_with([' ', '}']) {
            let Some((name, sentence)) = line.split_once(" =") else {
                continue;
            };
            key = name;
            if !sentence.trim().is_empty() {
                found.push((key.to_owned(), sentence.trim().to_owned()));
            }
        } else if let Some((choice, sentence)) = line.split_once("] ")
            && choice.trim().trim_start_matches('*').starts_with('[')
        {
            found.push((key.to_owned(), sentence.trim().to_owned()));
        }
    }
    found
}

/// What stands around the places that are filled in.
fn pieces(sentence: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for part in sentence.split('{') {
        let after = part.split_once('}').map_or(part, |(_, after)| after);
        pieces.push(after.to_owned());
    }
    pieces
}

/// Whether the line is these pieces with something between each two.
fn matches(pieces: &[String], line: &str) -> bool {
    let [first, middle @ ..] = pieces else {
        return false;
    };
    let Some(mut rest) = line.strip_prefix(first.as_str()) else {
        return false;
    };
    let Some((last, middle)) = middle.split_last() else {
        return rest.is_empty();
    };
    for piece in middle {
        let Some((_, after)) = rest.split_once(piece.as_str()) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_are_known_in_every_language() {
        let signs = Signs::read();
        for message in [
            "Recebi! Estou assistindo pra você.",
            "2 de 3: Transcrevendo: 42%",
            "Você é o 3º da fila, uns 40 segundos.",
            "Você é o próximo da fila.",
            "You are 3rd in line, about 40 seconds.",
            "Um resumo.\n\nO vídeo vem já já.",
        ] {
            assert!(signs.promises(message), "{message}");
        }
        assert!(signs.promises(&Signs::received()));
        for message in ["Um resumo do vídeo.", "", "Enviando flores: um guia"] {
            assert!(!signs.promises(message), "{message}");
        }
    }

    #[test]
    fn every_promise_has_words_of_its_own() {
        let signs = Signs::read();
        // A sentence of nothing but places to fill would match every message.
        for pieces in signs.promises.iter().chain(&signs.given_up) {
            let words: usize = pieces.iter().map(|piece| piece.trim().len()).sum();
            assert!(words > 5, "{pieces:?}");
        }
        assert!(signs.promises.len() >= 3 * 12 && signs.given_up.len() >= 3);
        assert!(signs.gives_up(
            "Algo deu errado aqui do meu lado e esse eu não consegui terminar. Tente de novo mais tarde; não conta no seu limite."
        ));
    }
}
