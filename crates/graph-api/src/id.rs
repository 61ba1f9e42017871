//! Ids as Meta spells them, one type each, so that a person's id cannot stand where an account's
//! belongs: both are digits and the compiler is the only one who can tell them apart.

use serde::{Deserialize, Serialize};
use std::fmt;

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
