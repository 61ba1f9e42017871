//! Ids as Meta spells them, one type each, so that a person's id cannot stand where an account's
//! belongs: both are digits and the compiler is the only one who can tell them apart.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether a text can be an id of Meta's: letters, digits, and the few signs that its long ids have. Ids go into
/// addresses, so what could lead anywhere else is none.
///
/// ```
/// use graph_api::id::is_id;
///
/// assert!(is_id("17841400000000001") && is_id("aWdfZAG06MQZDZD"));
/// assert!(!is_id("1/../me") && !is_id(""));
/// ```
pub fn is_id(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'=' | b':');
    !text.is_empty() && text.len() <= 512 && text.bytes().all(plain)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id as an owned string.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self(value)
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self(value.to_owned())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// The Instagram professional account: `entry[].id` of a webhook and `user_id` of `/me`
    /// (not `/me`'s `id`, which is scoped to the app).
    AccountId
}
id! {
    /// The Facebook Page that an account is linked to; `me` where a Page token speaks for itself.
    PageId
}
id! {
    /// A person as one professional account sees them (Instagram-scoped id): the same for every
    /// app of that account, another one for every other account.
    Igsid
}
id! {
    /// A message id. Opaque and long; an unsend, an edit, a reaction and a read repeat the id of
    /// the message they are about.
    Mid
}
id! {
    /// A conversation of the account with a person.
    ConversationId
}
id! {
    /// What `message_attachments` answers: a file that Meta keeps and that may be sent again.
    AttachmentId
}
id! {
    /// A post, a reel, a story, or a child of an album.
    MediaId
}
id! {
    /// A comment or a reply.
    CommentId
}
id! {
    /// What is going to be published: lives 24 hours.
    ContainerId
}
id! {
    /// A hashtag, the same for everybody.
    HashtagId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_get_into_paths() {
        for good in [
            "me",
            "17841400000000001",
            "aWdfZAG06MQZDZD",
            "t_12:34",
            "abc=",
            "m_-x",
        ] {
            assert!(is_id(good), "{good}");
        }
        for bad in [
            "",
            "..",
            "123/../me",
            "me?fields=access_token",
            "a b",
            "é",
            "%2e%2e",
            ".",
        ] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
