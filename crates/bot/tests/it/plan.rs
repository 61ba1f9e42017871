//! What deserves an answer, and what a message asks for.

use bot::plan::{AskSource, Origin, Unsupported, asks};
use bot::plan_event;
use graph_api::webhook::{Event, Shape, parse_stored};
use media::link::Hosts;
use serde_json::{Value, json};
use url::Url;

const ACCOUNT: &str = "17841400000000001";
const PERSON: &str = "5550000000000001";
const NOW_MS: i64 = 1_790_000_000_000;
const CDN: &str = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=a";
const OTHER_CDN: &str = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=2&signature=b";

fn event(shape: Shape, item: &Value) -> Event {
    parse_stored(ACCOUNT, shape, &item.to_string())
}

fn from(sender: &str, recipient: &str, more: &Value) -> Value {
    let mut item = json!({
        "sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": NOW_MS
    });
    for (key, value) in more.as_object().expect("an object") {
        item[key] = value.clone();
    }
    item
}

fn message(message: &Value) -> Event {
    event(
        Shape::Messaging,
        &from(PERSON, ACCOUNT, &json!({"message": message})),
    )
}

fn check_job(event: &Event, expected: bool) {
    assert_eq!(
        plan_event(event, NOW_MS + 1000).is_some(),
        expected,
        "{event:?}"
    );
}

#[test]
fn people_who_write_are_answered() {
    let job = plan_event(&message(&json!({"mid": "m", "text": "oi"})), NOW_MS).expect("a job");
    assert_eq!(job.queue, "reply");
    assert_eq!(job.person.as_deref(), Some(PERSON));
    assert_eq!(
        job.order_key,
        Some(format!("reply:instagram:{ACCOUNT}:{PERSON}"))
    );
    check_job(
        &message(&json!({"mid": "m", "attachments": [{"type": "share", "payload": {"url": CDN}}]})),
        true,
    );
    check_job(
        &message(&json!({"mid": "m", "text": "Sim", "quick_reply": {"payload": "YES"}})),
        true,
    );
    let postback = json!({"postback": {"mid": "m", "title": "Ajuda", "payload": "HELP"}});
    check_job(
        &event(Shape::Messaging, &from(PERSON, ACCOUNT, &postback)),
        true,
    );
    let story = json!({"mid": "m", "reply_to": {"story": {"url": CDN, "id": "1"}}});
    check_job(&message(&story), true);
}

#[test]
fn nothing_else_is_answered() {
    let text = json!({"message": {"mid": "m", "text": "oi"}});
    // Ourselves, told three ways; each alone must do.
    let echo = json!({"message": {"mid": "m", "text": "oi", "is_echo": true}});
    check_job(
        &event(Shape::Messaging, &from(ACCOUNT, PERSON, &echo)),
        false,
    );
    check_job(
        &event(Shape::Messaging, &from(PERSON, ACCOUNT, &echo)),
        false,
    );
    check_job(
        &event(Shape::Messaging, &from(ACCOUNT, ACCOUNT, &text)),
        false,
    );
    check_job(
        &message(&json!({"mid": "m", "text": "oi", "is_self": true, "is_echo": true})),
        false,
    );
    check_job(&event(Shape::Standby, &from(PERSON, ACCOUNT, &text)), false);
    for silent in [
        json!({"read": {"mid": "m"}}),
        json!({"reaction": {"mid": "m", "action": "react", "reaction": "love", "emoji": "❤"}}),
        json!({"message": {"mid": "m", "is_deleted": true}}),
        json!({"message": {"mid": "m", "is_unsupported": true}}),
        json!({"message": {"mid": "m", "text": "  "}}),
        json!({"message": {"mid": "m", "attachments": [{"type": "like_heart"}]}}),
        json!({"message": {"mid": "m", "attachments": [{"type": "ephemeral"}]}}),
        json!({"message_edit": {"mid": "m", "text": "instagram.com/reel/C8Qx1abcDEF", "num_edit": 1}}),
        json!({"referral": {"ref": "x", "source": "SHORTLINK", "type": "OPEN_THREAD"}}),
        json!({"something_new": {}}),
    ] {
        check_job(
            &event(Shape::Messaging, &from(PERSON, ACCOUNT, &silent)),
            false,
        );
    }
    let comment = json!({"field": "comments", "value": {
        "id": "1", "text": "instagram.com/reel/C8Qx1abcDEF", "from": {"id": ACCOUNT, "username": "x"},
        "media": {"id": "2"}
    }});
    check_job(&event(Shape::Change, &comment), false);
}

#[test]
fn what_is_older_than_two_days_is_history() {
    let event = message(&json!({"mid": "m", "text": "oi"}));
    assert!(plan_event(&event, NOW_MS + 48 * 3_600_000).is_some());
    assert!(plan_event(&event, NOW_MS + 48 * 3_600_000 + 1).is_none());
}

fn hosts() -> Hosts {
    Hosts::new(
        &Url::parse("https://www.instagram.com").expect("a URL"),
        &[],
    )
}

/// What is asked for, as short words.
fn asked(message_body: &Value, max: usize) -> (Vec<String>, usize, Vec<Unsupported>) {
    let event = message(message_body);
    let asked = asks(ACCOUNT, &event.kind, &hosts()).cut(max);
    let words = asked.asks.iter().map(|ask| {
        let origin = match ask.origin {
            Origin::Link => "link",
            Origin::Share => "share",
            Origin::Story => "story",
            Origin::Own => "own",
        };
        match &ask.source {
            AskSource::Page(link) => format!("{origin} {}", link.key()),
            AskSource::Held(name) => panic!("nothing is held on Instagram: {name}"),
            AskSource::Media(url) => {
                format!("{origin} {}", url.query_pairs().next().expect("asset").1)
            }
        }
    });
    (
        words.collect(),
        asked.left_out,
        asked.unsupported.into_iter().collect(),
    )
}

fn check_asks(message_body: &Value, expected: &[&str]) {
    let (found, left_out, unsupported) = asked(message_body, 5);
    assert_eq!(found, expected, "{message_body}");
    assert_eq!((left_out, unsupported), (0, vec![]), "{message_body}");
}

fn share(kind: &str, payload: &Value) -> Value {
    json!({"type": kind, "payload": payload})
}

#[test]
fn links_in_order_and_each_once() {
    check_asks(
        &json!({"mid": "m", "text": "instagram.com/reel/C8Qx1abcDEF e https://www.instagram.com/p/CTomrHIFc36/?x=1 \
                e https://instagram.com/reels/C8Qx1abcDEF/"}),
        &["link post:C8Qx1abcDEF", "link post:CTomrHIFc36"],
    );
}

#[test]
fn one_share_told_twice_counts_once() {
    let payload = json!({"ig_post_media_id": "18", "title": "legenda", "url": CDN});
    check_asks(
        &json!({"mid": "m", "attachments": [share("share", &payload), share("ig_post", &payload)]}),
        &["share 1"],
    );
    // The older spelling has no id, and the signature may differ.
    check_asks(
        &json!({"mid": "m", "attachments": [share("share", &json!({"url": OTHER_CDN})), share("ig_post", &payload)]}),
        &["share 1"],
    );
    check_asks(
        &json!({"mid": "m", "attachments": [share("ig_reel", &json!({"reel_video_id": "7", "url": CDN})),
                share("ig_reel", &json!({"reel_video_id": "7", "url": OTHER_CDN}))]}),
        &["share 1"],
    );
}

#[test]
fn the_page_of_a_share_told_twice_is_kept_behind_its_file() {
    let page = "https://www.instagram.com/reel/C8Qx1abcDEF/";
    let file = json!({"reel_video_id": "7", "url": CDN});
    for (plain, newer) in [
        (json!({"url": page}), file.clone()),
        (
            json!({"url": CDN}),
            json!({"reel_video_id": "7", "url": page}),
        ),
    ] {
        let body =
            json!({"mid": "m", "attachments": [share("share", &plain), share("ig_reel", &newer)]});
        check_asks(&body, &["share 1"]);
        let asked = asks(ACCOUNT, &message(&body).kind, &hosts());
        let page = asked.asks[0].page.as_ref().map(media::link::Link::key);
        assert_eq!(page.as_deref(), Some("post:C8Qx1abcDEF"), "{body}");
    }
    // Two posts and one page: nobody can tell whose it is.
    let other = json!({"reel_video_id": "8", "url": OTHER_CDN});
    let body = json!({"attachments": [share("share", &json!({"url": page})), share("ig_reel", &file), share("ig_reel", &other)]});
    let asked = asks(ACCOUNT, &message(&body).kind, &hosts());
    assert_eq!(asked.asks.len(), 2);
    assert!(asked.asks.iter().all(|ask| ask.page.is_none()));
}

#[test]
fn a_share_is_judged_by_its_address() {
    check_asks(
        &json!({"mid": "m", "attachments": [share("ig_reel", &json!({"url": "https://www.instagram.com/reel/C8Qx1abcDEF/"}))]}),
        &["share post:C8Qx1abcDEF"],
    );
    check_asks(
        &json!({"mid": "m", "text": "https://www.instagram.com/reel/C8Qx1abcDEF/",
                "attachments": [share("share", &json!({"url": "https://www.instagram.com/reel/C8Qx1abcDEF/"}))]}),
        &["link post:C8Qx1abcDEF"],
    );
    let (found, _, unsupported) = asked(
        &json!({"mid": "m", "attachments": [share("ig_reel", &json!({"url": "https://evil.example/v.mp4"}))]}),
        5,
    );
    assert_eq!((found.len(), unsupported), (0, vec![Unsupported::Message]));
}

#[test]
fn stories_and_own_recordings() {
    check_asks(
        &json!({"mid": "m", "attachments": [share("story_mention", &json!({"url": CDN}))]}),
        &["story 1"],
    );
    check_asks(
        &json!({"mid": "m", "text": "o que ele diz?", "reply_to": {"story": {"url": CDN, "id": "9"}}}),
        &["story 1"],
    );
    check_asks(
        &json!({"mid": "m", "text": "instagram.com/reel/C8Qx1abcDEF", "reply_to": {"story": {"url": CDN, "id": "9"}}}),
        &["link post:C8Qx1abcDEF"],
    );
    check_asks(
        &json!({"mid": "m", "attachments": [share("video", &json!({"url": CDN})), share("audio", &json!({"url": OTHER_CDN}))]}),
        &["own 1", "own 2"],
    );
}

#[test]
fn what_it_cannot_watch_is_named() {
    for (body, expected) in [
        (
            json!({"mid": "m", "text": "https://www.instagram.com/fulano/"}),
            Unsupported::Profile,
        ),
        (
            json!({"mid": "m", "text": "instagram.com/explore/tags/gatos"}),
            Unsupported::Hashtag,
        ),
        (
            json!({"mid": "m", "text": "https://www.instagram.com/stories/fulano/3089139137813410816/"}),
            Unsupported::Story,
        ),
        (
            json!({"mid": "m", "attachments": [share("image", &json!({"url": CDN}))]}),
            Unsupported::Picture,
        ),
    ] {
        let (found, _, unsupported) = asked(&body, 5);
        assert_eq!((found.len(), unsupported), (0, vec![expected]), "{body}");
    }
}

#[test]
fn many_links_are_cut_and_counted() {
    let text: Vec<String> = (0..7)
        .map(|n| format!("instagram.com/reel/C8Qx1abcDE{n}"))
        .collect();
    let (found, left_out, _) = asked(&json!({"mid": "m", "text": text.join(" ")}), 5);
    assert_eq!((found.len(), left_out), (5, 2));
}

#[test]
fn work_is_shared_only_as_far_as_it_may() {
    let keys = |account: &str, body: &Value| -> Vec<String> {
        asks(account, &message(body).kind, &hosts())
            .asks
            .into_iter()
            .map(|ask| ask.key)
            .collect()
    };
    let link = json!({"mid": "m", "text": "instagram.com/reel/C8Qx1abcDEF"});
    assert_eq!(
        keys("a", &link),
        keys("b", &link),
        "a public link is one for everybody"
    );
    let same = json!({"mid": "m", "attachments": [share("ig_post", &json!({"ig_post_media_id": "18", "url": CDN}))]});
    let again = json!({"mid": "n", "attachments": [share("ig_post", &json!({"ig_post_media_id": "18", "url": OTHER_CDN}))]});
    assert_eq!(keys("a", &same), keys("a", &again), "the same share");
    assert_ne!(
        keys("a", &same),
        keys("b", &same),
        "another account's share is another's"
    );
    let nameless = json!({"mid": "m", "attachments": [share("share", &json!({"url": CDN}))]});
    assert_ne!(keys("a", &same), keys("a", &nameless));
    assert!(
        !keys("a", &nameless)[0].contains("signature"),
        "no signed address in a key"
    );
}

/// Every way in which our own message, or another app's, comes back to us: whichever mark it carries, one
/// is enough, whatever else it says.
#[test]
fn any_one_mark_of_an_echo_is_enough() {
    let contents = [
        json!({"text": "instagram.com/reel/C8Qx1abcDEF"}),
        json!({"text": "oi", "quick_reply": {"payload": "YES"}}),
        json!({"attachments": [share("ig_reel", &json!({"url": CDN, "reel_video_id": "7"}))]}),
        json!({"attachments": [share("video", &json!({"url": CDN}))]}),
        json!({"text": "?", "reply_to": {"story": {"url": CDN, "id": "9"}}}),
    ];
    let flags = ["is_echo", "is_self", "is_deleted", "is_unsupported"];
    let mut tried = 0;
    for content in &contents {
        for set in 0_u32..1 << flags.len() {
            for (sender, recipient) in [(PERSON, ACCOUNT), (ACCOUNT, PERSON), (ACCOUNT, ACCOUNT)] {
                for shape in [Shape::Messaging, Shape::Standby] {
                    for app in [None, Some("1217981644879628")] {
                        let mut message = content.clone();
                        message["mid"] = json!(format!("m-{tried}"));
                        for (bit, flag) in flags.iter().enumerate() {
                            if set & (1 << bit) != 0 {
                                message[flag] = json!(true);
                            }
                        }
                        if let Some(app) = app {
                            message["app_id"] = json!(app);
                        }
                        let item = from(sender, recipient, &json!({ "message": message }));
                        let marked = set != 0 || sender == ACCOUNT || shape == Shape::Standby;
                        check_job(&event(shape, &item), !marked);
                        tried += 1;
                    }
                }
            }
        }
    }
    assert!(tried >= 900, "{tried}");
}
