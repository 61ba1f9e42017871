//! "find the one about sourdough": what is looked for, without the words around it.

use super::pattern;
use super::words::Token;

/// Verbs that ask for a search whatever follows.
const SEARCH: &[&str] = &[
    "procura|procure|procurar|busca|busque|buscar|encontra|encontrar|pesquisa|pesquise|pesquisar|localiza|localize",
    "find|search",
    "look for",
    "buscame|encuentra|encuentrame",
];
/// Verbs that also mean "to think" or "to want": they ask for a search only when a certain video is meant.
const LOOSE: &[&str] = &[
    "acha|ache|achar|procuro|busco",
    "i? am|im? looking|searching for",
    "eu? estou|to|tou procurando|buscando",
    "estoy buscando",
];
/// Where something is: most often a complaint that an answer is late, unless it says what about.
const WHERE: &[&str] = &["where is|s", "wheres", "cade", "onde esta|ta", "donde esta"];
/// What may stand between the verb and its object.
const BETWEEN: &[&str] = &[
    "por favor",
    "please|pls",
    "pra|para|for mim|me|mi",
    "me",
    "in|among|nos|entre|en my|meus|os|mis videos|reels|posts",
    "for|por|pelo|pela|pelos|pelas",
];
/// Objects that nobody searches for: "find out", "find it hard", "encontre sua paz".
const NOT_OBJECTS: &[&str] = &[
    "out|it|this|these|yourself|myself|him|her|them|us|your|you|someone|somebody|peace",
    "me on|at|in|here|there",
    "that|those i|he|she|it|they|we|very|so|hard|funny|interesting|strange|weird|offensive",
    "que|se|isso|isto|eso|esto|seu|sua|seus|suas|su|sus|tu|te|lo|alguem|alguien",
];
const DETERMINER: &str = "the|that|those|a|an|my|o|os|as|um|uma|meu|meus|minha|minhas|aquele|aquela|aqueles|aquelas|esse|essa|el|la|los|las|un|una|aquel|aquella|aquellos|aquellas|ese|esa|mi|mis";
const THAT_ONE: &str = "that|aquele|aquela|aqueles|aquelas|aquel|aquella|aquellos|aquellas";
const NOUN: &str = "one|ones|video|videos|reel|reels|post|posts|clip|publicacao|publicacion";
/// "about", in any wording; these may follow the verb at once.
const ABOUT: &[&str] = &[
    "about|sobre|regarding",
    "que|where|onde|donde|which|that se|she|he|they|ele|ela|eles|el|ella|alguem|someone? fala|falam|falava|diz|dizem|explica|ensina|mostra|habla|hablan|hablaba|dice|dicen|ensena|muestra|says|say|talks|talk|talked|mentions|explains|shows|teaches about|of|de|do|da|dos|das|del|sobre|em|como|how?",
];
/// These need a noun or an article before them, or they belong to what is looked for.
const OF: &[&str] = &["on|with|of|from|com|con|de|do|da|dos|das|del"];
/// Every video was sent by the person; this says nothing.
const SENT: &str = "que|that|which? eu|i|yo? ja|ya|already|once? te? mandei|enviei|mande|envie|sent you? before|antes|ontem|ayer|yesterday?";
const ARTICLE: &str = "the|a|an|o|os|as|um|uma|el|la|los|las|un|una";

/// What is looked for, if the words ask for a search; empty when they do not say what.
pub(super) fn read(words: &[Token<'_>], is_question: bool) -> Option<String> {
    if let Some(rest) = after(SEARCH, words) {
        let rest = between(rest);
        let is_talk = NOT_OBJECTS
            .iter()
            .any(|one| pattern::start(one, rest).is_some());
        return (!is_talk).then(|| query(rest));
    }
    if let Some(rest) = after(LOOSE, words) {
        let object = Object::of(between(rest));
        // "Acha o do meio melhor?" asks for an opinion.
        let is_certain = if is_question {
            object.points && object.that_one
        } else {
            object.points || object.that_one
        };
        return (is_certain && !object.query.is_empty()).then_some(object.query);
    }
    let object = Object::of(after(WHERE, words)?);
    (object.says_about && !object.query.is_empty()).then_some(object.query)
}

/// What is looked for, without what leads up to it.
pub(super) fn query(words: &[Token<'_>]) -> String {
    Object::of(between(words)).query
}

fn after<'t, 'w>(verbs: &[&str], words: &'t [Token<'w>]) -> Option<&'t [Token<'w>]> {
    let eaten = verbs.iter().find_map(|one| pattern::start(one, words))?;
    words.get(eaten..)
}

fn between<'t, 'w>(words: &'t [Token<'w>]) -> &'t [Token<'w>] {
    let mut rest = words;
    // "find me on ..." is not a search; see NOT_OBJECTS.
    while pattern::start("me on|at|in|here|there", rest).is_none()
        && let Some(shorter) = after(BETWEEN, rest)
    {
        rest = shorter;
    }
    rest
}

/// The object of a search, taken apart.
struct Object {
    /// Begins with "that".
    that_one: bool,
    /// Names a video and what belongs to it: "the one with ...", "o do ...".
    points: bool,
    /// Says "about".
    says_about: bool,
    /// The rest, as it was written.
    query: String,
}

impl Object {
    fn of(words: &[Token<'_>]) -> Self {
        let that_one = pattern::start(THAT_ONE, words).is_some();
        let determined = optional(&[DETERMINER], words);
        let named = optional(&[NOUN], determined);
        let is_named = named.len() < words.len();
        let named = if is_named && pattern::whole(SENT, named).is_some() {
            &[]
        } else {
            named
        };
        let mut rest = optional(ABOUT, named);
        let says_about = rest.len() < named.len();
        if !says_about && is_named {
            rest = optional(OF, named);
        }
        let points = is_named && rest.len() < named.len();
        if says_about || points {
            rest = optional(&[ARTICLE], rest);
        }
        Self {
            that_one,
            points,
            says_about,
            query: as_written(rest),
        }
    }
}

fn optional<'t, 'w>(patterns: &[&str], words: &'t [Token<'w>]) -> &'t [Token<'w>] {
    after(patterns, words).unwrap_or(words)
}

/// From the first word to the last with all that stands between them.
fn as_written(words: &[Token<'_>]) -> String {
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return String::new();
    };
    let length = first.onwards.len() - last.onwards.len() + last.length;
    let written: Vec<&str> = first
        .onwards
        .get(..length)
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    written
        .join(" ")
        .trim_matches(|c: char| !(c.is_alphanumeric() || matches!(c, '#' | '@')))
        .to_owned()
}
