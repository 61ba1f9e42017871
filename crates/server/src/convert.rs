//! Our settings as the crates below want theirs: plain structs, nothing read anywhere else.

use std::time::Duration;

use graph_api::{budget::SendRates, client::Hosts};
use media::{ChannelLimits, Language, settings as media_settings};
use secrecy::SecretString;

use crate::settings::{MediaRetention, Settings, SpeechEngine, Synchronous};

const DAY_MS: i64 = 86_400_000;
/// Counts of past days' allowances are of no use after a week.
const QUOTAS_MS: i64 = 7 * DAY_MS;

/// For `store`.
pub(crate) fn durability(settings: &Settings) -> store::Durability {
    match settings.database.synchronous {
        Synchronous::Full => store::Durability::Full,
        Synchronous::Normal => store::Durability::Normal,
    }
}

/// For `store`'s purge.
pub(crate) fn retention(settings: &Settings) -> store::Retention {
    let days = settings.retention;
    store::Retention {
        deliveries_ms: i64::from(days.vault_days) * DAY_MS,
        events_ms: i64::from(days.events_days) * DAY_MS,
        jobs_ms: i64::from(days.jobs_days) * DAY_MS,
        quotas_ms: QUOTAS_MS,
        library_ms: i64::from(days.library_days) * DAY_MS,
        publications_ms: i64::from(days.publications_days) * DAY_MS,
        snapshots_ms: (settings.snapshots.keep_days > 0)
            .then(|| i64::from(settings.snapshots.keep_days) * DAY_MS),
    }
}

/// For `graph-api`.
pub(crate) fn hosts(settings: &Settings) -> Hosts {
    Hosts {
        graph_facebook: settings.graph.graph_facebook.clone(),
        graph_instagram: settings.graph.graph_instagram.clone(),
        instagram_login: settings.graph.instagram_login.clone(),
        instagram_api: settings.graph.instagram_api.clone(),
        facebook_dialog: settings.graph.facebook_dialog.clone(),
    }
}

/// Which addresses are post pages and which are media.
pub(crate) fn link_hosts(settings: &Settings) -> media::link::Hosts {
    media::link::Hosts::new(&settings.media.pages, &settings.media.test_hosts)
}

/// For `media`.
pub(crate) fn media(settings: &Settings) -> media::Settings {
    let ours = &settings.media;
    media::Settings {
        data_dir: settings.data_dir.clone(),
        media: media_settings::MediaSettings {
            max_duration_seconds: ours.max_duration_seconds,
            max_download_bytes: ours.max_download_bytes,
            test_hosts: ours.test_hosts.clone(),
            cookies_file: ours.cookies_file.clone(),
            pages: ours.pages.clone(),
            encode_slots: ours.encode_slots,
        },
        tools: media_settings::ToolSettings {
            ffmpeg: settings.tools.ffmpeg.clone(),
            ffprobe: settings.tools.ffprobe.clone(),
            yt_dlp: settings.tools.yt_dlp.clone(),
        },
        speech: media_settings::SpeechSettings {
            engine: match settings.speech.engine {
                SpeechEngine::Auto => media_settings::SpeechEngine::Auto,
                SpeechEngine::Remote => media_settings::SpeechEngine::Remote,
                SpeechEngine::Embedded => media_settings::SpeechEngine::Embedded,
                SpeechEngine::Command => media_settings::SpeechEngine::Command,
                SpeechEngine::None => media_settings::SpeechEngine::None,
            },
            url: settings.speech.url.clone(),
            key: settings.speech.key.clone(),
            model: settings.speech.model.clone(),
            command: settings.speech.command.clone(),
            model_path: settings.speech.model_path.clone(),
            worker_program: settings.speech.worker_program.clone(),
        },
        language: media_settings::LanguageSettings {
            url: settings.language.url.clone(),
            key: settings.language.key.clone(),
            model: settings.language.model.clone(),
        },
    }
}

/// For `graph_api::budget`.
pub(crate) fn send_rates(settings: &Settings) -> SendRates {
    let bound = |number: u32| (number > 0).then_some(number);
    SendRates {
        texts: bound(settings.graph.texts_per_second),
        media: bound(settings.graph.media_per_second),
    }
}

/// For `bot`.
pub(crate) fn bot(settings: &Settings, link_secret: SecretString) -> bot::BotSettings {
    let seconds = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    bot::BotSettings {
        language: language(&settings.bot.language),
        daily_limit: settings.bot.daily_limit,
        time_zone: settings.bot.time_zone.clone(),
        max_links: settings.bot.max_links,
        status_after_seconds: seconds(settings.bot.status_after_seconds),
        concurrency: settings.bot.concurrency,
        send: sends(settings),
        files: bot::FileSettings {
            keep_seconds: keep(settings).map(|time| seconds(time.as_secs())),
            prefer_gif: settings.media.prefer_gif,
            max_duration_seconds: settings.media.max_duration_seconds,
            public_url: settings.public_url.clone(),
            link_secret: Some(link_secret),
        },
        brake: bot::BrakeSettings {
            per_minute: settings.bot.replies_per_minute,
            per_hour: settings.bot.replies_per_hour,
            ..bot::BrakeSettings::default()
        },
        ..bot::BotSettings::default()
    }
}

/// For every visible send.
pub(crate) fn sends(settings: &Settings) -> bot::SendSettings {
    let seconds = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    bot::SendSettings {
        settle_seconds: seconds(settings.send.settle_seconds),
        give_up_seconds: seconds(settings.send.give_up_seconds),
    }
}

/// What Instagram is given at most.
pub(crate) fn instagram_files(settings: &Settings) -> ChannelLimits {
    ChannelLimits {
        target_bytes: settings.media.target_bytes,
        hard_bytes: settings.media.hard_bytes,
        ..ChannelLimits::instagram()
    }
}

/// What Telegram is given at most.
pub(crate) fn telegram_files(settings: &Settings) -> ChannelLimits {
    ChannelLimits {
        target_bytes: settings.telegram.target_bytes,
        hard_bytes: settings.telegram.hard_bytes,
        gif_bytes: settings.telegram.hard_bytes,
        ..ChannelLimits::telegram()
    }
}

/// How long media files stay; `None` in storage-free mode.
pub(crate) fn keep(settings: &Settings) -> Option<Duration> {
    match settings.media.retention {
        MediaRetention::StorageFree => None,
        MediaRetention::Keep(time) => Some(time),
    }
}

/// The settings were checked: only these three names get here.
fn language(name: &str) -> Language {
    match name {
        "en" => Language::En,
        "es" => Language::Es,
        _ => Language::PtBr,
    }
}

/// A time as our API says it: RFC 3339 in UTC.
pub(crate) fn moment(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_string()
}
