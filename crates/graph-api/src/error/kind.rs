//! Meta's error codes as data: code and subcode in, meaning out. One table, so that a new code is
//! one line. Sources: Messenger "Common Error Codes" (2026-06-25),
//! <https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes>,
//! <https://developers.facebook.com/docs/graph-api/guides/error-handling> (read 2026).

use super::Reaction;
use std::time::Duration;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What an error means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorKind { $($(#[$doc])* $name,)* }

        impl ErrorKind {
            /// The word for logs and metrics.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

kinds! {
    /// Meta had a fault, or says nothing more; the call may have been done.
    Service = "service",
    /// An error for messages that went out.
    MaybeDelivered = "maybe_delivered",
    /// Unknown, often a missing permission; nothing is proved.
    UnknownCause = "unknown_cause",
    /// The app or the token may not do this.
    Permission = "permission",
    /// The app may not write to this person before it has Advanced Access.
    NeedsAdvancedAccess = "needs_advanced_access",
    /// The person has to write first, or a permission is missing.
    ConsentRequired = "consent_required",
    /// Too many calls.
    Throttled = "throttled",
    /// Too many sends in a second.
    SendRate = "send_rate",
    /// Meta dislikes how tags are used: slow down and have a human look.
    BehaviourWarning = "behaviour_warning",
    /// Suspected spam on publishing; no rate.
    SpamSuspected = "spam_suspected",
    /// The 24 hours are over.
    OutsideWindow = "outside_window",
    /// The person blocked us, is gone, or cannot be written to.
    PersonUnreachable = "person_unreachable",
    /// The account's link to its Page is broken, or it needs two-factor login.
    LinkBroken = "link_broken",
    /// Blocked by policy, for now or for good.
    PolicyBlocked = "policy_blocked",
    /// The account may not use the API (yet).
    NotEligible = "not_eligible",
    /// Another app owns the thread.
    ThreadOwnedByOther = "thread_owned_by_other",
    /// No such object, or no permission to see it.
    NotFound = "not_found",
    /// Deleted, or older than the newest 20 messages.
    Gone = "gone",
    /// No such person for this account.
    NoSuchPerson = "no_such_person",
    /// The request is wrong.
    BadRequest = "bad_request",
    /// Published before the account became a professional one: it has no numbers and never will.
    BeforeBusiness = "before_business",
    /// The comment cannot get a private reply (any more).
    CommentNotAnswerable = "comment_not_answerable",
    /// Meta could not fetch our address in time.
    MediaFetch = "media_fetch",
    /// The media are not what Meta takes.
    BadMedia = "bad_media",
    /// The token is dead.
    TokenDead = "token_dead",
    /// The owner switched off message access for apps.
    MessagesSwitchedOff = "messages_switched_off",
    /// Several images in one message are not enabled: send one by one.
    ManyImagesOff = "many_images_off",
    /// The day's publishing allowance is spent.
    PublishQuota = "publish_quota",
    /// The week's different hashtags are spent.
    HashtagQuota = "hashtag_quota",
    /// The container is still being processed.
    ContainerNotReady = "container_not_ready",
    /// A publishing container expired or failed: make another.
    ContainerFailed = "container_failed",
    /// Not in the table.
    Other = "other",
}

use ErrorKind as K;

/// Code and subcode. Looked up first; a code that is alone stands in [`CODES`].
const SUBCODES: &[(i64, i64, ErrorKind)] = &[
    (-2, 2_207_003, K::MediaFetch),
    (-1, 2_207_053, K::ContainerFailed),
    (1, 99, K::UnknownCause),
    (1, 1_357_046, K::MaybeDelivered),
    (4, 2_207_051, K::SpamSuspected),
    (9, 2_207_042, K::PublishQuota),
    (1, 2_207_057, K::BadMedia),
    (10, 1_893_063, K::PolicyBlocked),
    (10, 2_018_065, K::OutsideWindow),
    (10, 2_018_108, K::PersonUnreachable),
    (10, 2_018_278, K::OutsideWindow),
    (10, 2_018_300, K::ThreadOwnedByOther),
    (10, 2_534_022, K::OutsideWindow),
    (10, 2_534_077, K::LinkBroken),
    (18, 2_207_034, K::HashtagQuota),
    (24, 2_207_008, K::ContainerFailed),
    (100, 33, K::NotFound),
    (100, 2_018_001, K::NoSuchPerson),
    (100, 2_018_008, K::MediaFetch),
    (100, 2_018_014, K::BadRequest),
    (100, 2_018_047, K::BadMedia),
    (100, 2_018_074, K::BadMedia),
    (100, 2_018_109, K::BadMedia),
    (100, 2_018_294, K::MediaFetch),
    (100, 2_018_320, K::BadRequest),
    (100, 2_018_328, K::BadRequest),
    (100, 2_108_006, K::BeforeBusiness),
    (100, 2_534_013, K::LinkBroken),
    (100, 2_534_014, K::NoSuchPerson),
    (100, 2_534_015, K::BadRequest),
    (100, 2_534_025, K::CommentNotAnswerable),
    (100, 2_534_029, K::PolicyBlocked),
    (100, 2_534_037, K::ThreadOwnedByOther),
    (100, 2_534_068, K::ManyImagesOff),
    (110, 2_207_013, K::NotFound),
    (200, 1_545_041, K::PersonUnreachable),
    (200, 2_018_028, K::NeedsAdvancedAccess),
    (200, 2_534_041, K::MessagesSwitchedOff),
    (352, 2_207_026, K::BadMedia),
    (551, 1_545_041, K::PersonUnreachable),
    (613, 2_018_338, K::BehaviourWarning),
    (613, 2_534_040, K::SendRate),
    (9004, 2_207_052, K::MediaFetch),
    (9007, 2_207_027, K::ContainerNotReady),
    (36000, 2_207_004, K::BadMedia),
    (36001, 2_207_005, K::BadMedia),
    (36003, 2_207_009, K::BadMedia),
    (36004, 2_207_010, K::BadMedia),
];

/// First and last code of a range, whatever the subcode; the first line that fits holds.
const CODES: &[(i64, i64, ErrorKind)] = &[
    (1, 2, K::Service),
    (1200, 1200, K::Service),
    (-1, -1, K::Service),
    (-2, -2, K::ContainerFailed),
    (24, 24, K::NotFound),
    (25, 25, K::PolicyBlocked),
    (3, 3, K::Permission),
    // 4 app, 17 user, 32 Page, 341 app, 613 custom, 80001 Page, 80002 Instagram, 80006 Messenger
    (4, 4, K::Throttled),
    (17, 17, K::Throttled),
    (32, 32, K::Throttled),
    (341, 341, K::Throttled),
    (613, 613, K::Throttled),
    (80_001, 80_002, K::Throttled),
    (80_006, 80_006, K::Throttled),
    (10, 10, K::Permission),
    (100, 100, K::BadRequest),
    (102, 102, K::TokenDead),
    // 458 app removed, 459 checkpoint, 460 password changed, 463 expired, 464 unconfirmed,
    // 467 invalid, 492 person lost the role on the Page
    (190, 190, K::TokenDead),
    // Without a subcode Meta means the person who has no role on an app without Advanced Access.
    (200, 200, K::NeedsAdvancedAccess),
    // "Requires pages_messaging" on some lists, "user consent is required" when a profile is read:
    // too unclear to stop an account for.
    (230, 230, K::ConsentRequired),
    (201, 299, K::Permission),
    (352, 352, K::BadMedia),
    (368, 368, K::PolicyBlocked),
    (551, 551, K::PersonUnreachable),
    (2022, 2022, K::NotEligible),
    (2500, 2500, K::BadRequest),
    (9004, 9004, K::MediaFetch),
    (9007, 9007, K::ContainerNotReady),
    (36_000, 36_004, K::BadMedia),
    (36_103, 36_103, K::NotEligible),
    // Some pages list these subcodes as codes.
    (2_018_300, 2_018_300, K::ThreadOwnedByOther),
    (2_534_068, 2_534_068, K::ManyImagesOff),
    (9_000_001, 9_000_001, K::Gone),
];

/// What a code and a subcode mean.
pub fn classify(code: i64, subcode: Option<i64>) -> ErrorKind {
    let exact = SUBCODES
        .iter()
        .find(|row| row.0 == code && Some(row.1) == subcode);
    let by_code = || CODES.iter().find(|row| (row.0..=row.1).contains(&code));
    exact.or_else(by_code).map_or(ErrorKind::Other, |row| row.2)
}

impl ErrorKind {
    /// Whether too much was asked for in too short a time.
    pub fn is_throttle(self) -> bool {
        matches!(self, K::Throttled | K::SendRate)
    }

    /// What the caller can do, if nothing but the kind is known.
    pub fn reaction(self, after: Option<Duration>) -> Reaction {
        match self {
            K::Service | K::MaybeDelivered | K::UnknownCause => Reaction::Reconcile,
            K::Throttled | K::SendRate => Reaction::Throttled { after },
            K::MediaFetch | K::PublishQuota | K::ContainerNotReady => {
                Reaction::RetryLater { after }
            }
            K::OutsideWindow => Reaction::WindowClosed,
            K::PersonUnreachable | K::NoSuchPerson | K::NeedsAdvancedAccess => {
                Reaction::PersonUnreachable
            }
            K::LinkBroken | K::TokenDead => Reaction::NeedsLogin,
            K::Permission
            | K::BehaviourWarning
            | K::PolicyBlocked
            | K::NotEligible
            | K::MessagesSwitchedOff => Reaction::AccountStopped,
            K::ThreadOwnedByOther => Reaction::ThreadOwnedByOther,
            K::SpamSuspected
            | K::NotFound
            | K::Gone
            | K::ConsentRequired
            | K::BadRequest
            | K::BeforeBusiness
            | K::CommentNotAnswerable
            | K::BadMedia
            | K::ManyImagesOff
            | K::ContainerFailed
            | K::HashtagQuota
            | K::Other => Reaction::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(codes: &str, reaction: Reaction) {
        for pair in codes.split_whitespace() {
            let (code, subcode) = match pair.split_once('/') {
                Some((code, subcode)) => (code, Some(subcode.parse().unwrap())),
                None => (pair, None),
            };
            let kind = classify(code.parse().unwrap(), subcode);
            assert_eq!(kind.reaction(None), reaction, "{pair} is {kind:?}");
            assert_ne!(kind, ErrorKind::Other, "{pair}");
        }
    }

    #[test]
    fn every_documented_code_has_its_reaction() {
        check("1 2 1200 -1 1/99 1/1357046", Reaction::Reconcile);
        let throttled = Reaction::Throttled { after: None };
        check("4 17 32 341 613 80001 80002 80006 613/2534040", throttled);
        let later = Reaction::RetryLater { after: None };
        check(
            "100/2018008 100/2018294 9/2207042 9004/2207052 9007/2207027",
            later,
        );
        check("10/2534022 10/2018278 10/2018065", Reaction::WindowClosed);
        let unreachable = "10/2018108 551 551/1545041 200/1545041 100/2018001 100/2534014";
        check(unreachable, Reaction::PersonUnreachable);
        check("200 200/2018028", Reaction::PersonUnreachable);
        let dead = "190 190/458 190/459 190/460 190/463 190/464 190/467 190/492 102";
        check(dead, Reaction::NeedsLogin);
        check("10/2534077 100/2534013", Reaction::NeedsLogin);
        let stopped = "3 10 201 299 10/1893063 100/2534029 368 200/2534041 2022 36103 613/2018338";
        check(stopped, Reaction::AccountStopped);
        check(
            "10/2018300 2018300 100/2534037",
            Reaction::ThreadOwnedByOther,
        );
        check(
            "100 100/33 100/2108006 100/2534015 100/2534025 100/2018014 100/2018047",
            Reaction::Refused,
        );
        check(
            "100/2018074 100/2018109 100/2018320 100/2018328 2500",
            Reaction::Refused,
        );
        check(
            "2534068 100/2534068 9000001 230 4/2207051 -2",
            Reaction::Refused,
        );
        check(
            "36000/2207004 36001/2207005 36003/2207009 36004/2207010",
            Reaction::Refused,
        );
        check("352/2207026", Reaction::Refused);
    }

    #[test]
    fn an_unheard_of_subcode_leaves_the_code_its_meaning() {
        assert_eq!(classify(190, Some(1)), ErrorKind::TokenDead);
        assert_eq!(classify(4, Some(2_207_051)), ErrorKind::SpamSuspected);
        assert_eq!(classify(4, Some(2_207_052)), ErrorKind::Throttled);
        assert_eq!(classify(5, None), ErrorKind::Other);
    }
}
