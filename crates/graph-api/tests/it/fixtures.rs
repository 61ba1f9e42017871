//! `fixtures/meta`, the shapes that Meta documents or sends: every file must be known here, be
//! read, and mean what this table says.

use bytes::Bytes;
use graph_api::error::{Reaction, classify};
use graph_api::webhook::{
    Event, Kind, ReplyTo, Shape, ThreadAction, Verified, parse, parse_stored,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

pub(crate) const ACCOUNT: &str = "17841400000000001";
pub(crate) const PERSON: &str = "5550000000000001";
pub(crate) const PAGE: &str = "100000000000001";

/// Every fixture by name.
pub(crate) fn all() -> &'static BTreeMap<String, Value> {
    static ALL: OnceLock<BTreeMap<String, Value>> = OnceLock::new();
    ALL.get_or_init(read_all)
}

fn read_all() -> BTreeMap<String, Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/meta");
    let mut fixtures = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            fixtures.insert(name, serde_json::from_str(&text).unwrap());
        }
    }
    fixtures
}

pub(crate) fn one(name: &str) -> Value {
    all()
        .get(name)
        .unwrap_or_else(|| panic!("no fixture {name}"))
        .clone()
}

/// The bytes that a webhook fixture has on the wire.
pub(crate) fn wire(fixture: &Value) -> Vec<u8> {
    match fixture.get("wire") {
        Some(wire) => wire.as_str().unwrap().as_bytes().to_vec(),
        None => serde_json::to_vec(&fixture["body"]).unwrap(),
    }
}

pub(crate) fn events(body: &[u8]) -> Vec<Event> {
    let verified = Verified::trusted_from_disk(Bytes::copy_from_slice(body));
    parse(&verified).unwrap().events
}

/// What each webhook fixture holds: the kinds of its events, in order.
const WEBHOOKS: &[(&str, &str)] = &[
    ("app-roles", "thread_control"),
    ("array-wrapped", "message"),
    ("batch", "message seen unknown comment mention message"),
    ("changes-dashboard-test", "message"),
    ("changes-message", "message"),
    ("changes-seen", "seen"),
    ("comment", "comment"),
    ("comment-comment-id", "comment"),
    ("comment-in-entry", "comment"),
    ("comment-own", "comment"),
    ("comment-without-from", "comment"),
    ("echo", "echo"),
    ("echo-self", "echo"),
    ("echo-video", "echo"),
    ("edit", "edit"),
    ("edit-number", "edit"),
    ("live-comment", "live_comment"),
    ("mention-caption", "mention"),
    ("mention-comment", "mention"),
    ("message-ad-referral", "message"),
    ("message-audio", "message"),
    ("message-deleted", "deleted"),
    ("message-ephemeral", "message"),
    ("message-file", "message"),
    ("message-ig-post", "message"),
    ("message-ig-reel-cdn", "message"),
    ("message-ig-reel-permalink", "message"),
    ("message-ig-reel-relative", "message"),
    ("message-ig-story", "message"),
    ("message-image", "message"),
    ("message-is-unsupported", "message"),
    ("message-like-heart", "message"),
    ("message-quick-reply", "message"),
    ("message-reply", "message"),
    ("message-share-and-ig-post", "message"),
    ("message-share-legacy", "message"),
    ("message-shop-referral", "message"),
    ("message-story-mention", "message"),
    ("message-story-reply", "message"),
    ("message-text", "message"),
    ("message-unsupported-type", "message"),
    ("message-video", "message"),
    ("numbers", "message"),
    ("optin", "optin"),
    ("pass-thread-control", "thread_control"),
    ("policy-enforcement", "policy_enforcement"),
    ("policy-enforcement-underscore", "policy_enforcement"),
    ("postback", "postback"),
    ("postback-referral", "postback"),
    ("postback-without-mid", "postback"),
    ("reaction", "reaction"),
    ("referral", "referral"),
    ("request-thread-control", "thread_control"),
    ("response-feedback", "feedback"),
    ("seen", "seen"),
    ("standby", "message"),
    ("story-insights", "story_insights"),
    ("take-thread-control", "thread_control"),
    ("unknown-field", "unknown"),
    ("unknown-kind", "unknown"),
    ("unreaction", "reaction"),
    ("wire-comments", "comment"),
    ("wire-messaging", "message"),
    ("wire-messaging-escaped", "message"),
];

#[test]
fn every_file_says_where_it_is_from() {
    for (name, fixture) in all() {
        let source = fixture["source"].as_str().unwrap();
        assert!(
            source.starts_with("https://") || source == "public capture",
            "{name}"
        );
        assert!(
            fixture["read"].as_str().is_some_and(|day| day.len() == 10),
            "{name}"
        );
        assert_eq!(fixture["name"].as_str(), Some(name.as_str()));
        let kind = fixture["kind"].as_str().unwrap();
        assert!(
            name.starts_with(&format!("{kind}-")),
            "{name} is of kind {kind}"
        );
        assert!(fixture.get("body").is_some(), "{name}");
    }
}

#[test]
fn every_webhook_is_read_as_what_it_is() {
    let mut expected: BTreeMap<&str, &str> = WEBHOOKS.iter().copied().collect();
    for (name, fixture) in all() {
        let Some(case) = name.strip_prefix("webhook-") else {
            continue;
        };
        let kinds = expected
            .remove(case)
            .unwrap_or_else(|| panic!("{name} is not in the table"));
        let events = events(&wire(fixture));
        let found: Vec<&str> = events.iter().map(|event| event.kind.name()).collect();
        assert_eq!(found.join(" "), kinds, "{name}");
        for event in &events {
            assert!(
                event.at_ms > 1_500_000_000_000 || event.at_ms == 1_527_459_824_000,
                "{name}"
            );
            assert!(!event.account.as_str().is_empty(), "{name}");
            serde_json::from_str::<Value>(&event.raw).unwrap();
            check_stored(event);
        }
        check_both_ways(&wire(fixture));
    }
    assert!(expected.is_empty(), "no file for {expected:?}");
}

/// A list around the envelope takes the careful way through the reader; without it most bodies
/// take the short one. Both must see the same.
pub(crate) fn check_both_ways(body: &[u8]) {
    let wrapped = [b"[", body, b"]"].concat();
    let is_wrapped = body.starts_with(b"[");
    let careful = if is_wrapped {
        events(body)
    } else {
        events(&wrapped)
    };
    assert!(
        events(body) == careful,
        "{:?} is not {careful:?}",
        events(body)
    );
}

/// The worker reads the stored item again and must see the same event.
pub(crate) fn check_stored(event: &Event) {
    let mut again = parse_stored(event.account.as_str(), event.shape, &event.raw);
    if again.at_ms == 0 {
        again.at_ms = event.at_ms;
    }
    assert!(again == *event, "{again:?} is not {event:?}");
    assert_eq!(Shape::from_word(event.shape.as_str()), Some(event.shape));
}

fn event(name: &str) -> Event {
    let mut events = events(&wire(&one(name)));
    assert_eq!(events.len(), 1, "{name}");
    events.remove(0)
}

fn message(name: &str) -> graph_api::webhook::Message {
    match event(name).kind {
        Kind::Message(message) | Kind::Echo(message) => message,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn sides_are_told_apart() {
    for name in [
        "webhook-message-text",
        "webhook-echo",
        "webhook-seen",
        "webhook-comment",
    ] {
        let event = event(name);
        assert_eq!(event.account.as_str(), ACCOUNT, "{name}");
        assert_eq!(event.person.unwrap().as_str(), PERSON, "{name}");
    }
    assert_eq!(event("webhook-policy-enforcement").person, None);
    assert_eq!(event("webhook-comment-without-from").person, None);
    let numbers = event("webhook-numbers");
    assert_eq!(
        (numbers.account.as_str(), numbers.at_ms),
        (ACCOUNT, 1_767_225_600_123)
    );
    assert_eq!(numbers.person.unwrap().as_str(), PERSON);
}

#[test]
fn seconds_and_milliseconds_are_told_apart() {
    assert_eq!(event("webhook-message-text").at_ms, 1_767_225_600_123);
    assert_eq!(event("webhook-comment").at_ms, 1_767_225_600_000);
    assert_eq!(
        event("webhook-changes-dashboard-test").at_ms,
        1_527_459_824_000
    );
}

#[test]
fn only_people_open_the_window() {
    let opens = [
        "webhook-message-text",
        "webhook-postback",
        "webhook-changes-message",
    ];
    for name in opens {
        assert!(event(name).kind.opens_window(), "{name}");
    }
    let not = [
        "echo",
        "echo-self",
        "seen",
        "reaction",
        "message-deleted",
        "comment",
        "edit",
    ];
    for name in not {
        assert!(
            !event(&format!("webhook-{name}")).kind.opens_window(),
            "{name}"
        );
    }
}

#[test]
fn texts_come_out_as_they_were_typed() {
    let typed = "é 🎵 a/b <i> 50% @ana";
    for name in ["webhook-wire-messaging", "webhook-wire-messaging-escaped"] {
        let text = message(name).text.unwrap();
        assert_eq!(
            text,
            format!("{typed} https://www.instagram.com/reel/DAbCdEfGhIj/"),
            "{name}"
        );
    }
    match event("webhook-wire-comments").kind {
        Kind::Comment(comment) => assert_eq!(comment.text.as_deref(), Some(typed)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn shares_keep_what_identifies_them() {
    let both = message("webhook-message-share-and-ig-post").attachments;
    let kinds: Vec<&str> = both
        .iter()
        .map(|attachment| attachment.kind.as_str())
        .collect();
    assert_eq!(kinds, ["share", "ig_post"]);
    assert_eq!(both[0].media_id, both[1].media_id);
    assert_eq!(both[0].media_id.as_deref(), Some("18100000000000001"));
    for name in ["permalink", "cdn", "relative"] {
        let attachments = message(&format!("webhook-message-ig-reel-{name}")).attachments;
        assert_eq!(
            attachments[0].media_id.as_deref(),
            Some("17900000000000001"),
            "{name}"
        );
        assert!(
            attachments[0].url.is_some() && attachments[0].title.is_some(),
            "{name}"
        );
    }
    let story = message("webhook-message-ig-story").attachments;
    assert!(story[0].url.is_some() && story[0].media_id.is_some());
    for name in ["ephemeral", "like-heart"] {
        let attachments = message(&format!("webhook-message-{name}")).attachments;
        assert_eq!(attachments[0].kind, name.replace('-', "_"));
        assert_eq!(attachments[0].url, None);
    }
}

#[test]
fn messages_keep_what_they_answer() {
    let Some(ReplyTo::Story {
        url,
        id,
        link_sticker_url,
    }) = message("webhook-message-story-reply").reply_to
    else {
        panic!("no story");
    };
    assert!(url.is_some() && id.is_some() && link_sticker_url.is_some());
    let Some(ReplyTo::Message { mid, is_self_reply }) = message("webhook-message-reply").reply_to
    else {
        panic!("no message");
    };
    assert!(is_self_reply && !mid.as_str().is_empty());
    let quick = message("webhook-message-quick-reply");
    assert_eq!(quick.quick_reply.as_deref(), Some("LANGUAGE_PT"));
    let ad = message("webhook-message-ad-referral").referral.unwrap();
    assert_eq!(
        (ad.source.as_deref(), ad.r#ref.as_deref()),
        (Some("ADS"), Some("spring"))
    );
    let shop = message("webhook-message-shop-referral").referral.unwrap();
    assert_eq!(shop.product_id.as_deref(), Some("4100000000000001"));
    assert!(message("webhook-message-is-unsupported").is_unsupported);
    let own = message("webhook-echo-self");
    assert!(own.is_echo && own.is_self);
}

#[test]
fn rarer_events_keep_their_details() {
    for (name, expected) in [("webhook-edit", 2), ("webhook-edit-number", 3)] {
        match event(name).kind {
            Kind::Edit { text, num_edit, .. } => {
                assert_eq!(
                    (text.as_deref(), num_edit),
                    (Some("I meant this reel"), expected)
                );
            }
            other => panic!("{other:?}"),
        }
    }
    match event("webhook-unreaction").kind {
        Kind::Reaction(reaction) => {
            assert_eq!(
                (reaction.action.as_str(), reaction.emoji),
                ("unreact", None)
            );
        }
        other => panic!("{other:?}"),
    }
    match event("webhook-request-thread-control").kind {
        Kind::ThreadControl(control) => {
            assert_eq!(control.action, ThreadAction::Request);
            assert_eq!(
                control.requested_owner_app_id.as_deref(),
                Some("200000000000002")
            );
        }
        other => panic!("{other:?}"),
    }
    match event("webhook-policy-enforcement").kind {
        Kind::PolicyEnforcement { action, reason } => {
            assert_eq!(action, "warning");
            assert!(reason.is_some());
        }
        other => panic!("{other:?}"),
    }
    match event("webhook-story-insights").kind {
        Kind::StoryInsights(story) => {
            assert_eq!((story.reach, story.replies), (Some(640), Some(-1)));
        }
        other => panic!("{other:?}"),
    }
    match event("webhook-postback-referral").kind {
        Kind::Postback {
            referral: Some(referral),
            payload,
            ..
        } => {
            assert_eq!(
                (referral.r#ref.as_deref(), payload.as_deref()),
                (Some("poster"), Some("START"))
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn our_own_comments_are_marked() {
    let is_own = |name: &str| match event(name).kind {
        Kind::Comment(comment) => comment.is_own,
        other => panic!("{other:?}"),
    };
    assert!(is_own("webhook-comment-own"));
    for name in [
        "comment",
        "comment-comment-id",
        "comment-in-entry",
        "comment-without-from",
    ] {
        assert!(!is_own(&format!("webhook-{name}")), "{name}");
    }
}

#[test]
fn the_standby_list_is_told_apart() {
    let standby = event("webhook-standby");
    assert_eq!(standby.shape, Shape::Standby);
    assert_eq!(event("webhook-message-text").shape, Shape::Messaging);
    assert_eq!(event("webhook-changes-message").shape, Shape::Change);
}

#[test]
fn one_event_in_two_lists_is_one_event() {
    // The same message by `messaging` and by `changes`, if Meta ever sends both.
    let body = one("webhook-changes-message")["body"].clone();
    let value = body["entry"][0]["changes"][0]["value"].clone();
    let messaging = serde_json::json!({"object": "instagram", "entry": [
        {"id": ACCOUNT, "time": 1, "messaging": [value]}
    ]});
    let by_messaging = events(&serde_json::to_vec(&messaging).unwrap());
    assert_eq!(
        by_messaging[0].dedupe,
        event("webhook-changes-message").dedupe
    );
    // A comment in the entry and in `changes`.
    assert_eq!(
        event("webhook-comment").dedupe,
        event("webhook-comment-in-entry").dedupe
    );
}

/// What each error fixture makes us do.
const ERRORS: &[(&str, Reaction)] = &[
    ("account-metric-type", Reaction::Refused),
    ("account-window", Reaction::Refused),
    ("attachment-id-unknown", Reaction::Refused),
    ("attachment-too-big", Reaction::Refused),
    ("consent-required", Reaction::Refused),
    ("container-gone", Reaction::Refused),
    ("container-not-ready", Reaction::RetryLater { after: None }),
    ("delivered-all-the-same", Reaction::Reconcile),
    ("fetch-failed", Reaction::RetryLater { after: None }),
    ("in-a-200", Reaction::Reconcile),
    ("many-images-off", Reaction::Refused),
    ("media-before-business", Reaction::Refused),
    ("media-metric-refused", Reaction::Refused),
    ("media-not-fetchable", Reaction::RetryLater { after: None }),
    ("message-gone", Reaction::Refused),
    ("messages-switched-off", Reaction::AccountStopped),
    ("no-advanced-access", Reaction::PersonUnreachable),
    ("no-such-person", Reaction::PersonUnreachable),
    ("object-missing", Reaction::Refused),
    ("outside-window", Reaction::WindowClosed),
    ("permission", Reaction::AccountStopped),
    ("person-unavailable", Reaction::PersonUnreachable),
    ("policy-block", Reaction::AccountStopped),
    ("publish-quota", Reaction::RetryLater { after: None }),
    ("rate-app", Reaction::Throttled { after: None }),
    ("rate-instagram", Reaction::Throttled { after: None }),
    ("send-rate", Reaction::Throttled { after: None }),
    ("service", Reaction::Reconcile),
    // Meta has no code of its own for it: whoever asks for a story's numbers must know that this may be meant.
    ("story-few-viewers", Reaction::AccountStopped),
    ("text-too-long", Reaction::Refused),
    ("thread-owned-by-other", Reaction::ThreadOwnedByOther),
    ("token-expired", Reaction::NeedsLogin),
    ("token-missing", Reaction::NeedsLogin),
    ("token-revoked", Reaction::NeedsLogin),
    ("unknown-path", Reaction::Refused),
];

#[test]
fn every_error_has_its_reaction() {
    let mut expected: BTreeMap<&str, Reaction> = ERRORS.iter().copied().collect();
    for (name, fixture) in all() {
        let Some(case) = name.strip_prefix("error-") else {
            continue;
        };
        let reaction = expected
            .remove(case)
            .unwrap_or_else(|| panic!("{name} is not in the table"));
        let error = &fixture["body"]["error"];
        let kind = classify(
            error["code"].as_i64().unwrap(),
            error["error_subcode"].as_i64(),
        );
        assert_eq!(kind.reaction(None), reaction, "{name}");
    }
    assert!(expected.is_empty(), "no file for {expected:?}");
}
