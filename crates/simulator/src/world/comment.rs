//! Comments under the posts of an account, in the order in which they came. Each may get one private reply.

use super::State;

/// One comment, or one reply to a comment.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about a comment"
)]
pub(crate) struct Comment {
    pub(crate) id: String,
    /// Whose post it stands under.
    pub(crate) account: String,
    pub(crate) media: String,
    /// The comment it answers; there is one level only.
    pub(crate) parent: Option<String>,
    /// IGSID of who wrote it, or the account's own id.
    pub(crate) person: String,
    pub(crate) username: String,
    pub(crate) text: String,
    pub(crate) at_ms: i64,
    pub(crate) hidden: bool,
    pub(crate) live: bool,
    pub(crate) likes: u64,
    /// The account likes it; counted in `likes` too.
    pub(crate) liked: bool,
    pub(crate) replied_privately: bool,
}

impl Comment {
    /// The account's own words cannot be hidden.
    pub(crate) fn is_own(&self) -> bool {
        self.person == self.account
    }

    /// Where it stands in a list: time, then id, which grows too.
    pub(crate) fn place(&self) -> (i64, &str) {
        (self.at_ms, &self.id)
    }
}

impl State {
    /// Comments of the first level, newest first.
    pub(crate) fn comments_of(&self, media: &str) -> Vec<&Comment> {
        let mut found: Vec<&Comment> = self
            .comments
            .values()
            .filter(|comment| comment.media == media && comment.parent.is_none())
            .collect();
        found.sort_by(|a, b| b.place().cmp(&a.place()));
        found
    }

    /// Replies to a comment, oldest first, as a conversation is read.
    pub(crate) fn replies_to(&self, comment: &str) -> Vec<&Comment> {
        let mut found: Vec<&Comment> = self
            .comments
            .values()
            .filter(|reply| reply.parent.as_deref() == Some(comment))
            .collect();
        found.sort_by(|a, b| a.place().cmp(&b.place()));
        found
    }

    /// Removes a comment and what answers it; false if there was none.
    pub(crate) fn remove_comment(&mut self, id: &str) -> bool {
        let Some(comment) = self.comments.remove(id) else {
            return false;
        };
        let before = self.comments.len();
        self.comments
            .retain(|_, reply| reply.parent.as_deref() != Some(id));
        let gone = 1 + (before - self.comments.len()) as u64;
        if let Some(media) = self.media.get_mut(&comment.media) {
            media.comments_count = media.comments_count.saturating_sub(gone);
        }
        true
    }

    /// Puts a comment under its post and counts it there.
    pub(crate) fn add_comment(&mut self, comment: Comment) {
        if let Some(media) = self.media.get_mut(&comment.media) {
            media.comments_count += 1;
        }
        self.comments.insert(comment.id.clone(), comment);
    }
}

/// Seeded comments under one post; the rest of its count is older than anybody scrolls.
const SEEDED_UNDER_ONE: u64 = 120;
/// Newest posts that get theirs, beside the one with the most.
const SEEDED_POSTS: usize = 4;
const WORDS: [&str; 6] = [
    "Que som bom!",
    "Onde compro esse disco?",
    "Toca isso no sábado, por favor",
    "Lindo demais 🎶",
    "Qual é a segunda música?",
    "Cheguei tarde, ainda tem?",
];
const NAMES: [&str; 5] = [
    "ana.luz",
    "zeca_98",
    "bia.toca",
    "rui.martins",
    "dona.ivone",
];

impl State {
    /// Comments under the newest posts of every account and under the one with the most, so that lists
    /// have pages, replies and a hidden one from the first moment. They are part of the posts' counts.
    pub(crate) fn seed_comments(&mut self, now_ms: i64) {
        let accounts: Vec<String> = self.accounts.keys().cloned().collect();
        let mut number = 0;
        for account in accounts {
            let listed = self.media.values();
            let mut posts: Vec<_> = listed
                .filter(|media| media.is_listed(&account, now_ms) && media.comments_count > 0)
                .map(|media| (media.timestamp_ms, media.id.clone(), media.comments_count))
                .collect();
            posts.sort_by(|a, b| b.cmp(a));
            let most = posts.iter().max_by_key(|post| post.2).cloned();
            posts.truncate(SEEDED_POSTS);
            posts.extend(most.filter(|most| !posts.contains(most)));
            for (from_ms, media, count) in posts {
                self.seed_under(&account, (&media, from_ms, now_ms), count, &mut number);
            }
        }
    }

    fn seed_under(
        &mut self,
        account: &str,
        (media, from_ms, now_ms): (&str, i64, i64),
        count: u64,
        number: &mut u64,
    ) {
        let count = count.min(SEEDED_UNDER_ONE);
        // Most people comment within a week.
        let span_ms = (now_ms - from_ms).min(7 * 24 * 3_600_000);
        let mut above = None;
        for at in 0..count {
            *number += 1;
            let turn = usize::try_from(*number).unwrap_or(0);
            // Every seventh answers the one before it; the account itself every other time.
            let reply = at % 7 == 6;
            let own = reply && at % 2 == 0;
            let id = format!("178{number:0>14}");
            let step = i64::try_from(at + 1).unwrap_or(1) * span_ms
                / i64::try_from(count + 1).unwrap_or(1);
            let at_ms = from_ms + step;
            let (person, username) = if own {
                let known = self.accounts.get(account);
                let name = known.map(|known| known.username.clone());
                (account.to_owned(), name.unwrap_or_default())
            } else {
                let who = turn % NAMES.len();
                (format!("55511111111111{who:02}"), NAMES[who].to_owned())
            };
            let comment = Comment {
                id: id.clone(),
                account: account.to_owned(),
                media: media.to_owned(),
                parent: above.clone().filter(|_| reply),
                person,
                username,
                text: WORDS[turn % WORDS.len()].to_owned(),
                at_ms: at_ms - at_ms.rem_euclid(1_000),
                hidden: at == 3,
                live: false,
                likes: at % 4,
                liked: false,
                replied_privately: false,
            };
            if !reply {
                above = Some(id.clone());
            }
            self.comments.insert(id, comment);
        }
    }
}
