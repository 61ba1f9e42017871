//! What an error of the Bot API means for the send protocol.
//!
//! `error_code` and `parameters` speak first. Telegram has one code, 400, for most of what can go wrong, so below it the
//! sentence must be read; each that is, is named here with where it comes from, and pinned by `fixtures/telegram`.
//! Sources: the public server, `telegram-bot-api/Client.cpp` (May 2026, called C below), and TDLib (called T).

use std::time::Duration;

use super::client::{CallError, Refusal};
use crate::channel::{ChannelError, Reaction};

/// What a call does, as far as it matters when nobody knows whether it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Shows something new: never repeated on a guess.
    Send,
    /// Changes a message to what it may be already, or does nothing that anybody sees.
    Repeatable,
}

/// Words of Telegram and what they mean. The first that is found in the sentence counts.
struct Meaning {
    words: &'static str,
    reaction: Reaction,
    code: &'static str,
}

const fn meaning(words: &'static str, reaction: Reaction, code: &'static str) -> Meaning {
    Meaning {
        words,
        reaction,
        code,
    }
}

const MEANINGS: &[Meaning] = &[
    // C check_message, with "message to edit".
    meaning(
        "message to edit not found",
        Reaction::MessageGone,
        "message_not_found",
    ),
    // T MessagesManager: somebody else's, or too old.
    meaning(
        "message can't be edited",
        Reaction::MessageGone,
        "message_not_ours",
    ),
    // The data centre's own word for both, passed on as it is.
    meaning(
        "message_id_invalid",
        Reaction::MessageGone,
        "message_not_found",
    ),
    // T: a picture or a file has no words to be replaced.
    meaning(
        "there is no text in the message to edit",
        Reaction::MessageGone,
        "message_without_text",
    ),
    // C check_chat.
    meaning(
        "chat not found",
        Reaction::PersonUnreachable,
        "chat_not_found",
    ),
    meaning(
        "peer_id_invalid",
        Reaction::PersonUnreachable,
        "chat_not_found",
    ),
    meaning(
        "user not found",
        Reaction::PersonUnreachable,
        "chat_not_found",
    ),
    // C on a topic that was deleted; T on one that was closed.
    meaning(
        "message thread not found",
        Reaction::PersonUnreachable,
        "topic_gone",
    ),
    meaning("topic_deleted", Reaction::PersonUnreachable, "topic_gone"),
    meaning("topic_closed", Reaction::PersonUnreachable, "topic_gone"),
    // T DialogManager and MessageContent: a group where the bot may only read, or may not send this kind.
    meaning(
        "have no write access",
        Reaction::PersonUnreachable,
        "no_rights",
    ),
    meaning(
        "not enough rights to send",
        Reaction::PersonUnreachable,
        "no_rights",
    ),
    meaning(
        "chat_write_forbidden",
        Reaction::PersonUnreachable,
        "no_rights",
    ),
    meaning("chat_restricted", Reaction::PersonUnreachable, "no_rights"),
    // T on a remembered file that the data centre does not know any more, or knows as another kind.
    meaning("wrong file identifier", Reaction::StaleFile, "stale_file"),
    meaning(
        "wrong remote file identifier",
        Reaction::StaleFile,
        "stale_file",
    ),
    meaning("wrong file_id", Reaction::StaleFile, "stale_file"),
    meaning("file_reference_", Reaction::StaleFile, "stale_file"),
    meaning("can't use file of type", Reaction::StaleFile, "stale_file"),
    meaning("type of file mismatch", Reaction::StaleFile, "stale_file"),
    // C do_get_file: 20 MB, unless the server is our own.
    meaning("file is too big", Reaction::Refused, "too_big"),
    meaning("is too big for a photo", Reaction::Refused, "too_big"),
    // Of a send, and of an edit.
    meaning("message is too long", Reaction::Refused, "too_long"),
    meaning("message_too_long", Reaction::Refused, "too_long"),
    meaning("caption is too long", Reaction::Refused, "too_long"),
    meaning("caption_too_long", Reaction::Refused, "too_long"),
];

/// What the error means for a call of this kind.
pub(super) fn fault(error: &CallError, deed: Deed) -> ChannelError {
    let plain = |code: &str, reaction| ChannelError {
        may_be_done: false,
        reaction,
        code: code.to_owned(),
        trace: None,
    };
    let unknown = |code: String| ChannelError {
        may_be_done: deed == Deed::Send,
        reaction: Reaction::Later(None),
        code,
        trace: None,
    };
    match error {
        CallError::Connect => plain("connect", Reaction::Later(None)),
        CallError::Unsendable => plain("unsendable", Reaction::Refused),
        // Cleared away: it is made anew.
        CallError::File(std::io::ErrorKind::NotFound) => plain("no_file", Reaction::StaleFile),
        CallError::File(_) => plain("file", Reaction::Later(None)),
        CallError::Lost => unknown("lost".to_owned()),
        CallError::Malformed(status) => unknown(format!("malformed {status}")),
        CallError::Refused(refusal) if refusal.code >= 500 => unknown(refusal.code.to_string()),
        CallError::Refused(refusal) => {
            let (reaction, code) = refused(refusal);
            plain(&code, reaction)
        }
    }
}

fn refused(refusal: &Refusal) -> (Reaction, String) {
    if refusal.migrate_to.is_some() {
        // The caller has learned where the group lives now; the next try goes there.
        return (Reaction::Later(Some(Duration::ZERO)), "migrated".to_owned());
    }
    let reaction = match refusal.code {
        429 => Reaction::Throttled(refusal.retry_after),
        // 404 is what an address without a living bot answers, since the token is a part of it.
        401 | 404 => Reaction::NeedsLogin,
        // Blocked, kicked, deactivated, never started: all of 403 speaks of the other side.
        403 => Reaction::PersonUnreachable,
        409 => Reaction::Later(None),
        413 => return (Reaction::Refused, "too_large".to_owned()),
        _ => {
            let known = MEANINGS
                .iter()
                .find(|meaning| refusal.sentence.contains(meaning.words));
            return known.map_or_else(
                || (Reaction::Refused, refusal.code.to_string()),
                |meaning| {
                    (
                        meaning.reaction,
                        format!("{}/{}", refusal.code, meaning.code),
                    )
                },
            );
        }
    };
    (reaction, refusal.code.to_string())
}

/// What an edit that changes nothing says of the message it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mirror {
    /// It is just so.
    Same,
    /// There is none that we see.
    Nothing,
    /// There is one, and it is another.
    Other,
}

impl Mirror {
    /// `None`: the answer says nothing about the message.
    pub(super) fn of(error: &CallError) -> Option<Self> {
        let CallError::Refused(refusal) = error else {
            return None;
        };
        let says = |words: &str| refusal.sentence.contains(words);
        if refusal.code != 400 {
            return None;
        }
        // C fail_query_with_error, for the data centre's MESSAGE_NOT_MODIFIED.
        if says("message is not modified") {
            return Some(Self::Same);
        }
        if says("message to edit not found") || says("message_id_invalid") {
            return Some(Self::Nothing);
        }
        // T MessagesManager: of somebody else, or of another kind than the edit.
        let other = says("message can't be edited")
            || says("there is no text in the message")
            || says("there is no caption in the message")
            || says("there is no media in the message");
        other.then_some(Self::Other)
    }
}

/// A call that is not made, because it cannot be right.
pub(super) fn refuse(code: &str) -> ChannelError {
    ChannelError {
        may_be_done: false,
        reaction: Reaction::Refused,
        code: code.to_owned(),
        trace: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(code: i64, sentence: &str) -> CallError {
        CallError::Refused(Box::new(Refusal {
            code,
            sentence: sentence.to_lowercase(),
            ..Refusal::default()
        }))
    }

    #[test]
    fn codes_and_sentences_become_reactions() {
        let table = [
            (
                429,
                "Too Many Requests: retry after 3",
                Reaction::Throttled(None),
                "429",
            ),
            (401, "Unauthorized", Reaction::NeedsLogin, "401"),
            (404, "Not Found", Reaction::NeedsLogin, "404"),
            (
                403,
                "Forbidden: bot was blocked by the user",
                Reaction::PersonUnreachable,
                "403",
            ),
            (
                403,
                "Forbidden: user is deactivated",
                Reaction::PersonUnreachable,
                "403",
            ),
            (
                413,
                "Request Entity Too Large",
                Reaction::Refused,
                "too_large",
            ),
            (
                400,
                "Bad Request: chat not found",
                Reaction::PersonUnreachable,
                "400/chat_not_found",
            ),
            (
                400,
                "Bad Request: message thread not found",
                Reaction::PersonUnreachable,
                "400/topic_gone",
            ),
            (
                400,
                "Bad Request: message to edit not found",
                Reaction::MessageGone,
                "400/message_not_found",
            ),
            (
                400,
                "Bad Request: message can't be edited",
                Reaction::MessageGone,
                "400/message_not_ours",
            ),
            (
                400,
                "Bad Request: wrong file identifier/HTTP URL specified",
                Reaction::StaleFile,
                "400/stale_file",
            ),
            (
                400,
                "Bad Request: file is too big",
                Reaction::Refused,
                "400/too_big",
            ),
            (
                400,
                "Bad Request: can't parse entities: olá",
                Reaction::Refused,
                "400",
            ),
        ];
        for (code, sentence, reaction, short) in table {
            for deed in [Deed::Send, Deed::Repeatable] {
                let error = fault(&says(code, sentence), deed);
                assert_eq!(
                    (error.reaction, error.code.as_str()),
                    (reaction, short),
                    "{sentence}"
                );
                assert!(!error.may_be_done, "{sentence}");
            }
        }
    }

    #[test]
    fn only_a_send_without_a_clear_answer_may_have_been_done() {
        for error in [
            CallError::Lost,
            CallError::Malformed(200),
            says(502, "Bad Gateway"),
        ] {
            let sent = fault(&error, Deed::Send);
            assert!(sent.may_be_done, "{error:?}");
            let edited = fault(&error, Deed::Repeatable);
            assert!(
                !edited.may_be_done && edited.reaction == Reaction::Later(None),
                "{error:?}"
            );
        }
        assert!(!fault(&CallError::Connect, Deed::Send).may_be_done);
    }

    #[test]
    fn a_flood_says_how_long() {
        let error = CallError::Refused(Box::new(Refusal {
            code: 429,
            retry_after: Some(Duration::from_secs(9)),
            ..Refusal::default()
        }));
        let wait = Reaction::Throttled(Some(Duration::from_secs(9)));
        assert_eq!(fault(&error, Deed::Send).reaction, wait);
    }

    #[test]
    fn an_edit_mirrors_the_message_it_names() {
        let table = [
            (
                "Bad Request: message is not modified: specified new message content",
                Some(Mirror::Same),
            ),
            (
                "Bad Request: message to edit not found",
                Some(Mirror::Nothing),
            ),
            ("Bad Request: MESSAGE_ID_INVALID", Some(Mirror::Nothing)),
            ("Bad Request: message can't be edited", Some(Mirror::Other)),
            (
                "Bad Request: there is no text in the message to edit",
                Some(Mirror::Other),
            ),
            (
                "Bad Request: there is no caption in the message to edit",
                Some(Mirror::Other),
            ),
            ("Bad Request: message text is empty", None),
        ];
        for (sentence, mirror) in table {
            assert_eq!(Mirror::of(&says(400, sentence)), mirror, "{sentence}");
        }
        assert_eq!(Mirror::of(&CallError::Lost), None);
        assert_eq!(Mirror::of(&says(500, "message is not modified")), None);
    }

    #[test]
    fn errors_keep_nothing_of_what_people_wrote() {
        let error = says(400, "can't parse entities: segredo");
        let shown = format!(
            "{error:?} {:?} {}",
            fault(&error, Deed::Send),
            fault(&error, Deed::Send)
        );
        assert!(!shown.contains("segredo"), "{shown}");
    }
}
