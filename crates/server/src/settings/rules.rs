//! What each value must be beyond its type, as data, so that every problem is told at once.
//!
//! The rules read the merged table, before any struct exists: a struct would stop at the first.

use graph_api::client::Version;
use toml::{Table, Value};
use url::Url;

use super::{model::MediaRetention, problem::Problem};

enum Rule {
    HttpUrl,
    HttpUrlOrBlank,
    Address,
    Port,
    AtLeast(i64),
    OneOf(&'static [&'static str]),
    DigitsOrBlank,
    GraphVersion,
    TimeZone,
    Retention,
    Filled,
    KeyOrBlank,
    SpeechCommand,
    /// Blank, or so shaped; else told so.
    Shaped(fn(&str) -> bool, &'static str),
}

/// Every key that has a rule of its own.
const RULES: &[(&str, Rule)] = &[
    ("public_url", Rule::HttpUrlOrBlank),
    ("data_dir", Rule::Filled),
    ("master_key", Rule::KeyOrBlank),
    ("listen.address", Rule::Address),
    ("listen.port", Rule::Port),
    ("listen.max_connections", Rule::AtLeast(1)),
    ("listen.max_connections_per_ip", Rule::AtLeast(1)),
    ("api.max_body_bytes", Rule::AtLeast(1024)),
    ("api.wait_seconds", Rule::AtLeast(0)),
    ("api.call_timeout_seconds", Rule::AtLeast(1)),
    ("api.calls_per_minute", Rule::AtLeast(1)),
    ("cache.memory_bytes", Rule::AtLeast(1_048_576)),
    ("cache.profile_seconds", Rule::AtLeast(0)),
    ("cache.media_seconds", Rule::AtLeast(0)),
    ("cache.media_insights_seconds", Rule::AtLeast(0)),
    ("cache.account_insights_seconds", Rule::AtLeast(0)),
    ("cache.audience_seconds", Rule::AtLeast(0)),
    ("cache.profile_renew_seconds", Rule::AtLeast(0)),
    ("cache.media_renew_seconds", Rule::AtLeast(0)),
    ("cache.media_insights_renew_seconds", Rule::AtLeast(0)),
    ("cache.account_insights_renew_seconds", Rule::AtLeast(0)),
    ("cache.audience_renew_seconds", Rule::AtLeast(0)),
    ("cache.stale_seconds", Rule::AtLeast(0)),
    ("instagram.app_id", Rule::DigitsOrBlank),
    ("instagram.account_id", Rule::DigitsOrBlank),
    ("instagram.page_id", Rule::DigitsOrBlank),
    ("instagram.facebook_app_id", Rule::DigitsOrBlank),
    ("instagram.redirect_uri", Rule::HttpUrlOrBlank),
    ("instagram.login", Rule::OneOf(&["facebook", "instagram"])),
    ("graph.version", Rule::GraphVersion),
    ("graph.graph_facebook", Rule::HttpUrl),
    ("graph.graph_instagram", Rule::HttpUrl),
    ("graph.instagram_login", Rule::HttpUrl),
    ("graph.instagram_api", Rule::HttpUrl),
    ("graph.facebook_dialog", Rule::HttpUrl),
    ("graph.rupload", Rule::HttpUrl),
    (
        "telegram.token",
        Rule::Shaped(
            is_bot_token,
            "must look like 123456789:AAE..., as @BotFather gives it",
        ),
    ),
    ("telegram.api", Rule::HttpUrl),
    (
        "telegram.updates",
        Rule::OneOf(&["auto", "webhook", "polling", "none"]),
    ),
    (
        "telegram.webhook_secret",
        Rule::Shaped(
            is_webhook_secret,
            "must have 16 to 256 letters, digits, _ or -; leave it empty to have one made",
        ),
    ),
    ("telegram.target_bytes", Rule::AtLeast(100_000)),
    ("telegram.hard_bytes", Rule::AtLeast(100_000)),
    ("redis.jobs_key", Rule::Filled),
    ("database.synchronous", Rule::OneOf(&["full", "normal"])),
    ("forward.url", Rule::HttpUrlOrBlank),
    ("forward.format", Rule::OneOf(&["structured", "raw"])),
    (
        "forward.secret",
        Rule::Shaped(|text| text.len() >= 16, "must have at least 16 characters"),
    ),
    ("forward.concurrency", Rule::AtLeast(1)),
    ("webhook.max_body_bytes", Rule::AtLeast(4096)),
    ("webhook.header_timeout_seconds", Rule::AtLeast(1)),
    ("webhook.body_timeout_seconds", Rule::AtLeast(1)),
    ("bot.language", Rule::OneOf(&["pt-BR", "en", "es"])),
    ("bot.daily_limit", Rule::AtLeast(1)),
    ("bot.time_zone", Rule::TimeZone),
    ("bot.max_links", Rule::AtLeast(1)),
    ("bot.status_after_seconds", Rule::AtLeast(1)),
    ("bot.concurrency", Rule::AtLeast(1)),
    ("send.settle_seconds", Rule::AtLeast(1)),
    ("send.give_up_seconds", Rule::AtLeast(1)),
    ("media.retention", Rule::Retention),
    ("media.target_bytes", Rule::AtLeast(100_000)),
    ("graph.texts_per_second", Rule::AtLeast(0)),
    ("graph.media_per_second", Rule::AtLeast(0)),
    ("bot.replies_per_minute", Rule::AtLeast(1)),
    ("bot.replies_per_hour", Rule::AtLeast(1)),
    ("media.hard_bytes", Rule::AtLeast(100_000)),
    ("media.max_duration_seconds", Rule::AtLeast(1)),
    ("media.max_download_bytes", Rule::AtLeast(100_000)),
    ("media.pages", Rule::HttpUrl),
    ("media.encode_slots", Rule::AtLeast(0)),
    ("tools.ffmpeg", Rule::Filled),
    ("tools.ffprobe", Rule::Filled),
    ("tools.yt_dlp", Rule::Filled),
    (
        "speech.engine",
        Rule::OneOf(&["auto", "remote", "embedded", "command", "none"]),
    ),
    ("speech.url", Rule::HttpUrlOrBlank),
    ("speech.command", Rule::SpeechCommand),
    ("language.url", Rule::HttpUrlOrBlank),
    ("retention.vault_days", Rule::AtLeast(1)),
    // Meta repeats deliveries for up to 36 hours; a key forgotten sooner would answer twice.
    ("retention.events_days", Rule::AtLeast(2)),
    ("retention.jobs_days", Rule::AtLeast(2)),
    ("retention.library_days", Rule::AtLeast(1)),
    ("retention.publications_days", Rule::AtLeast(2)),
    ("snapshots.keep_days", Rule::AtLeast(0)),
    ("snapshots.backfill_days", Rule::AtLeast(3)),
    ("snapshots.posts", Rule::AtLeast(0)),
    ("snapshots.reels_days", Rule::AtLeast(0)),
    ("log.format", Rule::OneOf(&["json", "text"])),
    ("log.level", Rule::Filled),
    ("simulator.port", Rule::Port),
];

/// The largest size Meta takes for a video or sound in a message (facts checked 2026-11-22,
/// <https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message>).
const META_ATTACHMENT_BYTES: i64 = 25_000_000;

/// The largest file that a bot may send (<https://core.telegram.org/bots/api#senddocument>, read 2026-11-22).
const TELEGRAM_UPLOAD_BYTES: i64 = 50_000_000;
/// The same through a Bot API server of one's own
/// (<https://core.telegram.org/bots/api#using-a-local-bot-api-server>, read 2026-11-22).
const OWN_SERVER_UPLOAD_BYTES: i64 = 2_000_000_000;

/// Checks the merged table against every rule and against the rules between settings.
pub(super) fn check(table: &Table, problems: &mut Vec<Problem>) {
    for (key, rule) in RULES {
        if let Some(value) = lookup(table, key)
            && let Err(what) = obeys(value, rule)
        {
            problems.push(Problem::new(*key, what));
        }
    }
    check_together(table, problems);
}

/// The value under a dotted key.
pub(super) fn lookup<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((section, rest)) => lookup(table.get(section)?.as_table()?, rest),
    }
}

fn obeys(value: &Value, rule: &Rule) -> Result<(), String> {
    let text = value.as_str().unwrap_or_default().trim();
    let number = value.as_integer().unwrap_or_default();
    let say = |good: bool, what: &str| if good { Ok(()) } else { Err(what.to_owned()) };
    match rule {
        Rule::HttpUrl => say(is_http(text), "must be an address like https://example.com"),
        Rule::HttpUrlOrBlank => say(
            text.is_empty() || is_http(text),
            "must be an address like https://example.com",
        ),
        Rule::Address => say(
            text.parse::<std::net::IpAddr>().is_ok(),
            "must be an IP address, such as 127.0.0.1 or 0.0.0.0",
        ),
        Rule::Port => say(
            (0..=65_535).contains(&number),
            "must be a port from 0 to 65535",
        ),
        Rule::AtLeast(least) => say(number >= *least, &format!("must be at least {least}")),
        Rule::OneOf(words) => say(
            words.contains(&text),
            &format!("must be one of: {}", words.join(", ")),
        ),
        Rule::DigitsOrBlank => say(
            text.bytes().all(|b| b.is_ascii_digit()),
            "must be digits only",
        ),
        Rule::GraphVersion => say(text.parse::<Version>().is_ok(), "must look like v26.0"),
        Rule::TimeZone => say(
            jiff::tz::TimeZone::get(text).is_ok(),
            "must be a time zone such as America/Sao_Paulo (is the system's zone database installed?)",
        ),
        Rule::Retention => say(
            MediaRetention::parse(text).is_some(),
            "must be \"none\" or a time such as 24h or 7d",
        ),
        Rule::Filled => say(!text.is_empty(), "must not be empty"),
        Rule::KeyOrBlank => say(
            text.is_empty() || text.len() >= 32,
            "must have at least 32 characters; leave it empty to have one made",
        ),
        Rule::Shaped(shape, what) => say(text.is_empty() || shape(text), what),
        Rule::SpeechCommand => say(
            value.as_array().is_none_or(|words| {
                words
                    .iter()
                    .all(|w| w.as_str().is_some_and(|w| !w.is_empty()))
            }),
            "must be a list of words: the program, then its arguments",
        ),
    }
}

fn is_http(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// core.telegram.org/bots/api#setwebhook, read 2026-11-22; a short one could be guessed.
fn is_webhook_secret(text: &str) -> bool {
    (16..=256).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

fn is_bot_token(text: &str) -> bool {
    text.split_once(':').is_some_and(|(id, secret)| {
        !id.is_empty()
            && id.bytes().all(|b| b.is_ascii_digit())
            && secret.len() >= 16
            && secret
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    })
}

/// Rules that two settings keep between them.
fn check_together(table: &Table, problems: &mut Vec<Problem>) {
    let number = |key| {
        lookup(table, key)
            .and_then(Value::as_integer)
            .unwrap_or_default()
    };
    let text = |key| {
        lookup(table, key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .trim()
    };
    let (target, hard) = (number("media.target_bytes"), number("media.hard_bytes"));
    if target > hard {
        problems.push(Problem::new(
            "media.target_bytes",
            "must not be above media.hard_bytes",
        ));
    }
    if hard >= META_ATTACHMENT_BYTES {
        problems.push(Problem::new(
            "media.hard_bytes",
            format!("must be below {META_ATTACHMENT_BYTES}, Meta's limit"),
        ));
    }
    check_telegram(table, problems);
    check_forward(table, problems);
    if number("send.give_up_seconds") < number("send.settle_seconds") {
        problems.push(Problem::new(
            "send.give_up_seconds",
            "must not be below send.settle_seconds",
        ));
    }
    let command_words = lookup(table, "speech.command")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    match text("speech.engine") {
        "remote" if text("speech.url").is_empty() => {
            problems.push(Problem::new(
                "speech.url",
                "must be set when speech.engine is \"remote\"",
            ));
        }
        "command" if command_words == 0 => {
            problems.push(Problem::new(
                "speech.command",
                "must be set when speech.engine is \"command\"",
            ));
        }
        _ => {}
    }
    if !text("language.url").is_empty() && text("language.model").is_empty() {
        problems.push(Problem::new(
            "language.model",
            "must be set together with language.url",
        ));
    }
}

/// An address inside is refused here and not only when the first event is lost to it.
fn check_forward(table: &Table, problems: &mut Vec<Problem>) {
    let text = |key| {
        lookup(table, key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .trim()
    };
    let Ok(url) = Url::parse(text("forward.url")) else {
        return;
    };
    let hosts: Vec<String> = lookup(table, "forward.loopback_hosts")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|host| host.as_str().map(str::to_owned))
        .collect();
    if let Err(refused) = crate::forward::guard(&url, &hosts).check(&url, media::net::Reach::Public)
    {
        problems.push(Problem::new(
            "forward.url",
            format!(
                "is refused: {refused}. Give a public https address on port 443, or name its host:port in \
                 forward.loopback_hosts if the receiver is on this machine"
            ),
        ));
    }
    for (key, format) in [("forward.key", "structured"), ("forward.secret", "raw")] {
        if text("forward.format") == format && text(key).is_empty() {
            problems.push(Problem::new(
                key,
                format!(
                    "must be set together with forward.url when forward.format is \"{format}\""
                ),
            ));
        }
    }
}

fn check_telegram(table: &Table, problems: &mut Vec<Problem>) {
    let number = |key| {
        lookup(table, key)
            .and_then(Value::as_integer)
            .unwrap_or_default()
    };
    let text = |key| {
        lookup(table, key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .trim()
    };
    if number("telegram.target_bytes") > number("telegram.hard_bytes") {
        problems.push(Problem::new(
            "telegram.target_bytes",
            "must not be above telegram.hard_bytes",
        ));
    }
    let is_common = text("telegram.api").contains("api.telegram.org");
    let most = if is_common {
        TELEGRAM_UPLOAD_BYTES
    } else {
        OWN_SERVER_UPLOAD_BYTES
    };
    if number("telegram.hard_bytes") > most {
        problems.push(Problem::new(
            "telegram.hard_bytes",
            format!("must not be above {most}, the limit of that Bot API server"),
        ));
    }
    if text("telegram.updates") == "webhook" && text("public_url").is_empty() {
        problems.push(Problem::new(
            "public_url",
            "must be set when telegram.updates is \"webhook\"; or choose \"polling\"",
        ));
    }
}
