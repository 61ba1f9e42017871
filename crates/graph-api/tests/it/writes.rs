//! Calls about comments, messages, publishing and discovery: each request is the pinned one, looked at before it is
//! sent, and each pinned answer means what it says.

use std::sync::Arc;

use graph_api::client::{AccessToken, Credentials, Graph, Hosts, Login, Unobserved, Version};
use graph_api::endpoint::comments::{
    DeleteComment, GetComment, HideComment, ListComments, ListReplies, SwitchComments,
    WriteComment, WriteReply,
};
use graph_api::endpoint::discovery::{
    BusinessDiscovery, HashtagEdge, HashtagMedia, HashtagName, HashtagSearch, RecentHashtags,
    Username,
};
use graph_api::endpoint::mentions::{AnswerMention, MentionedComment, MentionedMedia};
use graph_api::endpoint::messages::{ListConversations, React, SendMessage, To, What};
use graph_api::endpoint::publish::{
    ContainerStatus, DeleteMedia, Kind, MakeContainer, Publish, PublishingLimit, Source,
    StatusCode, Work,
};
use graph_api::id::{AccountId, PageId};
use graph_api::request::{Endpoint, Payload};
use serde_json::{Map, Value, json};

use crate::fixtures::{ACCOUNT, PAGE, PERSON, one};
use crate::responder::{Reply, Responder};

const COMMENT: &str = "17900000000000101";
const MEDIA: &str = "17900000000000201";
const CONTAINER: &str = "17900000000000301";
const HASHTAG: &str = "17840000000000401";

pub(crate) fn credentials() -> Credentials {
    Credentials {
        account: AccountId::from(ACCOUNT),
        login: Login::Facebook {
            page_id: PageId::from(PAGE),
        },
        token: AccessToken::new("canary-token"),
        app_secret: None,
    }
}

/// The request as the fixture spells one.
#[track_caller]
fn is_pinned(name: &str, call: &impl Endpoint) {
    is_pinned_for(&credentials(), name, call);
}

#[track_caller]
pub(crate) fn is_pinned_for(credentials: &Credentials, name: &str, call: &impl Endpoint) {
    let pinned = one(&format!("request-{name}"));
    let request = call.request(credentials);
    assert_eq!(request.method.as_str(), pinned["method"], "{name}");
    let path = format!("/{}", request.path.join("/"));
    assert_eq!(path, pinned["path"], "{name}");
    let object = |pairs: &[(&'static str, String)]| -> Value {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)));
        pairs.collect::<Map<_, _>>().into()
    };
    let empty = json!({});
    let told = |key: &str| pinned.get(key).unwrap_or(&empty).clone();
    assert_eq!(object(&request.query), told("query"), "{name}");
    let (form, body) = match &request.body {
        Payload::None => (empty.clone(), Value::Null),
        Payload::Json(body) => (empty.clone(), body.clone()),
        Payload::Form(pairs) => (object(pairs), Value::Null),
    };
    assert_eq!(form, told("form"), "{name}");
    assert_eq!(body, pinned["body"], "{name}");
    assert!(!format!("{request:?}").contains("canary"), "{name}");
}

/// Longer than other tests: it is a list of calls.
#[test]
fn calls_about_comments_are_the_pinned_ones() {
    let text = || "Obrigada!".to_owned();
    is_pinned(
        "comments",
        &ListComments {
            media: MEDIA.into(),
            limit: 50,
            after: Some("QVFI".to_owned()),
        },
    );
    let comment = || COMMENT.into();
    is_pinned("comment", &GetComment { comment: comment() });
    is_pinned(
        "comment-replies",
        &ListReplies {
            comment: comment(),
            limit: 50,
            after: None,
        },
    );
    let write = WriteComment {
        media: MEDIA.into(),
        text: text(),
    };
    assert!(write.request(&credentials()).visible);
    is_pinned("comment-write", &write);
    is_pinned(
        "comment-reply",
        &WriteReply {
            comment: comment(),
            text: text(),
        },
    );
    is_pinned(
        "comment-hide",
        &HideComment {
            comment: comment(),
            hide: true,
        },
    );
    is_pinned("comment-delete", &DeleteComment { comment: comment() });
    is_pinned(
        "comments-switch",
        &SwitchComments {
            media: MEDIA.into(),
            enabled: false,
        },
    );
    is_pinned(
        "mentioned-media",
        &MentionedMedia {
            media: MEDIA.into(),
        },
    );
    is_pinned(
        "mentioned-comment",
        &MentionedComment { comment: comment() },
    );
    is_pinned(
        "mention-answer",
        &AnswerMention {
            media: MEDIA.into(),
            comment: Some(comment()),
            text: text(),
        },
    );
}

#[test]
fn calls_about_messages_are_the_pinned_ones() {
    let text = || What::Text {
        text: "Here it is.".to_owned(),
        choices: Vec::new(),
    };
    let private = SendMessage {
        to: To::Comment(COMMENT.into()),
        what: text(),
        reply_to: None,
        human_agent: false,
    };
    assert!(!format!("{private:?}").contains("Here"), "{private:?}");
    is_pinned("private-reply", &private);
    is_pinned(
        "send-human-agent",
        &SendMessage {
            to: To::Person(PERSON.into()),
            what: text(),
            reply_to: Some("mid.1".into()),
            human_agent: true,
        },
    );
    is_pinned(
        "react",
        &React {
            to: PERSON.into(),
            message: "mid.1".into(),
            reaction: Some("love".to_owned()),
        },
    );
    is_pinned(
        "conversations-list",
        &ListConversations {
            person: None,
            limit: 20,
            after: None,
        },
    );
}

fn make(work: Work) -> MakeContainer {
    assert_eq!(work.problems(), []);
    MakeContainer { work }
}

#[test]
fn calls_that_publish_are_the_pinned_ones() {
    let image = || Source::ImageUrl("https://example.com/a.jpg".to_owned());
    is_pinned(
        "container-image",
        &make(Work {
            caption: Some("Bom dia".to_owned()),
            alt_text: Some("Um disco".to_owned()),
            collaborators: vec!["a_listener".to_owned()],
            ..Work::new(Kind::Image, image())
        }),
    );
    let video = Source::VideoUrl("https://example.com/a.mp4".to_owned());
    is_pinned(
        "container-reel",
        &make(Work {
            cover_url: Some("https://example.com/c.jpg".to_owned()),
            // The cover wins.
            thumb_offset_ms: Some(3),
            share_to_feed: Some(true),
            ..Work::new(Kind::Reel, video)
        }),
    );
    is_pinned(
        "container-upload",
        &make(Work::new(Kind::Reel, Source::Upload)),
    );
    is_pinned("container-item", &make(Work::new(Kind::ItemImage, image())));
    is_pinned("container-story", &make(Work::new(Kind::Story, image())));
    let items = vec![CONTAINER.into(), "17900000000000302".into()];
    let carousel = make(Work {
        caption: Some("Bom dia".to_owned()),
        ..Work::new(Kind::Carousel, Source::Items(items))
    });
    assert!(!carousel.request(&credentials()).visible);
    is_pinned("container-carousel", &carousel);
    let container = || CONTAINER.into();
    is_pinned(
        "container-status",
        &ContainerStatus {
            container: container(),
        },
    );
    is_pinned(
        "publish",
        &Publish {
            container: container(),
        },
    );
    is_pinned("publishing-limit", &PublishingLimit);
    is_pinned(
        "media-delete",
        &DeleteMedia {
            media: MEDIA.into(),
        },
    );
}

#[test]
fn calls_about_others_are_the_pinned_ones() {
    is_pinned(
        "business-discovery",
        &BusinessDiscovery {
            username: Username::new("a.shop_1").unwrap(),
            limit: 2,
            after: Some("QVFI".to_owned()),
        },
    );
    is_pinned(
        "hashtag-search",
        &HashtagSearch {
            name: HashtagName::new("#vinil").unwrap(),
        },
    );
    for (name, edge) in [
        ("hashtag-recent", HashtagEdge::Recent),
        ("hashtag-top", HashtagEdge::Top),
    ] {
        let call = HashtagMedia {
            hashtag: HASHTAG.into(),
            edge,
            limit: 25,
            after: None,
        };
        is_pinned(name, &call);
    }
    is_pinned("recent-hashtags", &RecentHashtags);
}

/// What the pinned answer of this name means to a call.
pub(crate) async fn read<E: Endpoint>(name: &str, call: &E) -> E::Answer {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let pinned = one(&format!("answer-{name}"));
    let responder =
        Responder::start(vec![Reply::Json(200, Vec::new(), pinned["body"].clone())]).await;
    let host = &responder.base;
    let graph = Graph::new(
        Hosts::new(host, host).unwrap(),
        Version::NEWEST,
        Arc::new(Unobserved),
    )
    .unwrap();
    match graph.ask(&credentials(), call).await {
        Ok(answer) => answer,
        Err(error) => panic!("{name}: {error}"),
    }
}

#[tokio::test]
async fn answers_about_comments_mean_what_they_say() {
    let list = ListComments {
        media: MEDIA.into(),
        limit: 50,
        after: None,
    };
    let page = read("comments", &list).await;
    assert_eq!(page.after.as_deref(), Some("QVFJ"));
    let first = &page.data[0];
    assert_eq!((first.id.as_str(), first.hidden), (COMMENT, Some(false)));
    assert_eq!(first.from_id.as_deref(), Some(PERSON));
    assert_eq!(first.replies[0].parent.as_ref(), Some(&COMMENT.into()));
    assert!(!format!("{first:?}").contains("disco"), "words of people");
    let one = GetComment {
        comment: COMMENT.into(),
    };
    let comment = read("comment", &one).await;
    assert_eq!(comment.media, Some(MEDIA.into()));
    let replies = ListReplies {
        comment: COMMENT.into(),
        limit: 50,
        after: None,
    };
    let replies = read("comment-replies", &replies).await;
    assert_eq!((replies.data.len(), replies.after), (1, None));
    let write = WriteReply {
        comment: COMMENT.into(),
        text: "Oi".to_owned(),
    };
    let made = read("comment-made", &write).await;
    assert_eq!(made.as_str(), "17900000000000103");
    let delete = DeleteComment {
        comment: COMMENT.into(),
    };
    read("success", &delete).await;
    let media = MentionedMedia {
        media: MEDIA.into(),
    };
    assert_eq!(read("mentioned-media", &media).await.like_count, Some(5));
    let comment = MentionedComment {
        comment: COMMENT.into(),
    };
    let comment = read("mentioned-comment", &comment).await;
    assert_eq!(comment.text, "@gramophone olha");
    let list = ListConversations {
        person: None,
        limit: 20,
        after: None,
    };
    let list = read("conversations-list", &list).await;
    assert_eq!(list.data[0].participants[1].0, PERSON);
}

#[tokio::test]
async fn answers_about_publishing_and_others_mean_what_they_say() {
    let image = Source::ImageUrl("https://example.com/a.jpg".to_owned());
    let made = read("container", &make(Work::new(Kind::Image, image))).await;
    assert_eq!(made.as_str(), CONTAINER);
    let status = || ContainerStatus {
        container: CONTAINER.into(),
    };
    let good = read("container-finished", &status()).await;
    assert_eq!((good.code, good.subcode()), (StatusCode::Finished, None));
    let bad = read("container-error", &status()).await;
    assert_eq!(
        (bad.code, bad.subcode()),
        (StatusCode::Error, Some(2_207_026))
    );
    let publish = Publish {
        container: CONTAINER.into(),
    };
    assert_eq!(read("published", &publish).await.as_str(), MEDIA);
    let allowance = read("publishing-limit", &PublishingLimit).await;
    assert_eq!((allowance.used, allowance.total), (2, Some(50)));
    assert!(allowance.has_room());
    let call = BusinessDiscovery {
        username: Username::new("a.shop_1").unwrap(),
        limit: 2,
        after: None,
    };
    let found = read("business-discovery", &call).await;
    assert_eq!(found.followers_count, Some(1200));
    assert_eq!(found.media.data[0].view_count, Some(90));
    assert_eq!(found.media.after.as_deref(), Some("QVFJ"));
    let call = HashtagSearch {
        name: HashtagName::new("vinil").unwrap(),
    };
    assert_eq!(read("hashtag-search", &call).await.as_str(), HASHTAG);
    let call = HashtagMedia {
        hashtag: HASHTAG.into(),
        edge: HashtagEdge::Top,
        limit: 25,
        after: None,
    };
    assert_eq!(read("hashtag-media", &call).await.data.len(), 1);
    let used = read("recent-hashtags", &RecentHashtags).await;
    assert_eq!(used.data[0].1.as_deref(), Some("vinil"));
}
