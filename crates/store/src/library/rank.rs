//! How well an entry fits what was looked for: pure, so that it can be argued with.
//!
//! A word that stands there counts most, then one that begins so, one with a slip in it, one that contains it, one that
//! looks like it. What names an entry (title, author, caption) weighs more than what is said in it.

/// What a word found in the title, the author's name or the caption weighs against one that is said.
const HEAD_WEIGHT: f64 = 1.5;
/// Below this two words have nothing to do with each other.
const LEAST_LIKENESS: f64 = 0.45;
/// Words of at least this many letters may have a slip in them …
const ONE_SLIP: usize = 4;
/// … and these two.
const TWO_SLIPS: usize = 8;

const EXACT: f64 = 1.0;
const PREFIX: f64 = 0.8;
const SLIP: f64 = 0.6;
const SECOND_SLIP: f64 = 0.5;
const WITHIN: f64 = 0.45;
const LIKENESS: f64 = 0.35;

/// How well an entry fits, and by which of its words.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Fit {
    pub(crate) score: f64,
    pub(crate) hits: Vec<String>,
}

/// Both texts folded. The score is 0 when nothing fits, and at most 1.5 (every word names the entry).
pub(crate) fn fit(words: &[&str], head: &str, spoken: &str) -> Fit {
    let mut fit = Fit::default();
    if words.is_empty() {
        return fit;
    }
    for word in words {
        let wanted = Wanted::new(word);
        let (named, said) = (wanted.best(head), wanted.best(spoken));
        fit.score += (named.0 * HEAD_WEIGHT).max(said.0);
        for (quality, hit) in [said, named] {
            if quality > 0.0 && !fit.hits.iter().any(|known| known == hit) {
                fit.hits.push(hit.to_owned());
            }
        }
    }
    // An entry that has all the words comes before one that has one of them very well.
    #[allow(clippy::cast_precision_loss)] // a handful of words
    let count = words.len() as f64;
    fit.score /= count;
    fit
}

/// A word that is looked for, taken apart once for all the words it is held against.
struct Wanted<'a> {
    word: &'a str,
    letters: Vec<char>,
    pieces: Vec<[char; 3]>,
}

impl<'a> Wanted<'a> {
    fn new(word: &'a str) -> Self {
        let letters: Vec<char> = word.chars().collect();
        Self {
            word,
            pieces: pieces_of(&letters),
            letters,
        }
    }

    /// The best of a text's words, and how good it is.
    fn best<'t>(&self, text: &'t str) -> (f64, &'t str) {
        let mut best = (0.0, "");
        for other in text.split_whitespace() {
            let quality = self.quality(other, best.0);
            if quality > best.0 {
                best = (quality, other);
            }
            if best.0 >= EXACT {
                break;
            }
        }
        best
    }

    /// How good a word is; 0 where it cannot be better than `least`.
    fn quality(&self, other: &str, least: f64) -> f64 {
        if other == self.word {
            return EXACT;
        }
        if least >= PREFIX {
            return 0.0;
        }
        if other.starts_with(self.word) {
            return PREFIX;
        }
        if least >= SLIP {
            return 0.0;
        }
        let letters: Vec<char> = other.chars().collect();
        let allowed = match self.letters.len() {
            TWO_SLIPS.. => 2,
            ONE_SLIP.. => 1,
            _ => 0,
        };
        match slips(&self.letters, &letters, allowed) {
            Some(0 | 1) => return SLIP,
            Some(_) => return SECOND_SLIP,
            None => {}
        }
        if self.letters.len() >= ONE_SLIP || !self.word.is_ascii() {
            if other.contains(self.word) {
                return WITHIN;
            }
            let likeness = likeness(&self.pieces, &pieces_of(&letters));
            if likeness >= LEAST_LIKENESS {
                return LIKENESS * likeness;
            }
        }
        0.0
    }
}

/// Every three letters that follow each other, the edges of the word counted as letters.
fn pieces_of(letters: &[char]) -> Vec<[char; 3]> {
    let mut framed = Vec::with_capacity(letters.len() + 2);
    framed.push(' ');
    framed.extend_from_slice(letters);
    framed.push(' ');
    let mut pieces: Vec<[char; 3]> = framed
        .windows(3)
        .map(|three| [three[0], three[1], three[2]])
        .collect();
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

/// The share of their pieces that two words have in common (Dice's coefficient). Both sorted.
fn likeness(one: &[[char; 3]], other: &[[char; 3]]) -> f64 {
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let common = one
        .iter()
        .filter(|piece| other.binary_search(piece).is_ok())
        .count();
    #[allow(clippy::cast_precision_loss)] // words are short
    let share = (2 * common) as f64 / (one.len() + other.len()) as f64;
    share
}

/// How many letters are wrong, missing, too many or swapped with their neighbour, up to `allowed`.
fn slips(one: &[char], other: &[char], allowed: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > allowed {
        return None;
    }
    let width = other.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut above: Vec<usize> = (0..width).collect();
    let mut row: Vec<usize> = vec![0; width];
    for (i, a) in one.iter().enumerate() {
        row[0] = i + 1;
        let mut least = row[0];
        for (j, b) in other.iter().enumerate() {
            let mut cost = (above[j] + usize::from(a != b))
                .min(above[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                cost = cost.min(before[j - 1] + 1);
            }
            row[j + 1] = cost;
            least = least.min(cost);
        }
        if least > allowed {
            return None;
        }
        std::mem::swap(&mut before, &mut above);
        std::mem::swap(&mut above, &mut row);
    }
    Some(above[other.len()]).filter(|slips| *slips <= allowed)
}

#[cfg(test)]
mod tests;
