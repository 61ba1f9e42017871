//! The names a setting goes by in the environment, and the nearest known name for a mistyped one.
//!
//! Why: people arrive with variables from two older documents, and a typo must not be silence.

/// Names other than `GRAMOPHONE_A__B` that mean a setting.
pub const SHORT_NAMES: &[(&str, &str)] = &[
    ("GRAMOPHONE_DATA", "data_dir"),
    ("GRAMOPHONE_LISTEN", "listen.address"),
    ("GRAMOPHONE_PORT", "listen.port"),
    ("GRAMOPHONE_SIMULATOR_PORT", "simulator.port"),
    ("INSTAGRAM_APP_ID", "instagram.app_id"),
    ("INSTAGRAM_APP_SECRET", "instagram.app_secrets"),
    ("INSTAGRAM_WEBHOOK_VERIFY_TOKEN", "instagram.verify_token"),
    ("INSTAGRAM_VERIFY_TOKEN", "instagram.verify_token"),
    ("INSTAGRAM_REDIRECT_URI", "instagram.redirect_uri"),
    ("INSTAGRAM_PAGE_ID", "instagram.page_id"),
    ("INSTAGRAM_PAGE_ACCESS_TOKEN", "instagram.page_access_token"),
    ("TELEGRAM_BOT_TOKEN", "telegram.token"),
    ("CONTENT_CALLBACK_URL", "forward.url"),
    ("API_SECRET", "forward.key"),
    ("DATABASE_URL", "database.url"),
    ("REDIS_URL", "redis.url"),
];

/// Variables with our prefix that are no settings: where the settings file is.
pub const CONFIG_FILE: &str = "GRAMOPHONE_CONFIG";

/// `a.b` as an environment variable.
pub fn variable_of(key: &str) -> String {
    format!("GRAMOPHONE_{}", key.replace('.', "__").to_uppercase())
}

/// The known name closest to a mistyped one, when it is close enough to be meant.
pub fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (distance(given, name), name))
        .filter(|(distance, name)| *distance <= (name.len() / 3).max(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Edits between two names (Levenshtein), letter case aside.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<u8> = right.bytes().map(|b| b.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().map(|b| b.to_ascii_lowercase()).enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        if let Some(first) = row.first_mut() {
            *first = before;
        }
        for (b, cell) in right.iter().zip(row.iter_mut().skip(1)) {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = *cell;
            before = substituted.min(diagonal + 1).min(before + 1);
            *cell = before;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        for (left, right, edits) in [
            ("", "abc", 3),
            ("port", "port", 0),
            ("prot", "port", 2),
            ("listen", "listens", 1),
        ] {
            assert_eq!(distance(left, right), edits, "{left} {right}");
        }
    }

    #[test]
    fn a_far_name_is_not_offered() {
        assert_eq!(
            nearest("listen.prot", ["listen.port", "log.level"].into_iter()),
            Some("listen.port")
        );
        assert_eq!(
            nearest("quite.different.thing", ["log.level"].into_iter()),
            None
        );
    }
}
