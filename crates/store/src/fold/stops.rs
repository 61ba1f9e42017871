//! Words that are in every text, and those with which people ask for a video: looking for them finds everything.

/// Portuguese, English and Spanish, folded, in the order of the alphabet.
const STOPS: &[&str] = &[
    "a", "about", "acerca", "al", "algo", "algum", "alguma", "an", "and", "ao", "aos", "aquel",
    "aquela", "aquele", "aquella", "aquello", "aquilo", "are", "as", "at", "ate", "be", "but",
    "by", "can", "clip", "com", "como", "con", "cual", "da", "das", "de", "del", "dela", "dele",
    "do", "dos", "e", "el", "ela", "ele", "eles", "ella", "em", "en", "era", "es", "ese", "eso",
    "esos", "essa", "esse", "esta", "este", "estos", "eu", "find", "foi", "for", "from", "fue",
    "ha", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "is", "isso", "isto",
    "it", "its", "la", "las", "le", "lo", "los", "mais", "mas", "me", "meu", "mi", "minha",
    "muito", "muy", "my", "na", "nao", "nas", "no", "nos", "not", "num", "o", "of", "on", "onde",
    "one", "or", "os", "otro", "ou", "para", "pela", "pelo", "por", "post", "pra", "qual", "que",
    "quien", "reel", "reels", "s", "se", "she", "si", "sim", "sin", "so", "sobre", "su", "sua",
    "t", "tem", "that", "the", "their", "then", "there", "these", "they", "this", "those", "to",
    "todo", "tu", "u", "um", "uma", "umas", "un", "una", "uno", "uns", "video", "videos", "voce",
    "was", "we", "were", "what", "when", "where", "which", "who", "will", "with", "y", "yo", "you",
    "your",
];

pub(super) fn is_stop(word: &str) -> bool {
    STOPS.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    #[test]
    fn the_list_is_sorted_and_folded() {
        assert!(STOPS.is_sorted());
        for word in STOPS {
            assert_eq!(fold(word).trim(), *word);
        }
        assert!(is_stop("sobre") && !is_stop("bread"));
    }
}
