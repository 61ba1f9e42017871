//! The judge of what was published: every post that was ordered is out once, its first comment stands below it once, and
//! nothing else is to be seen. Pure, so that it is known to find what it looks for.

use std::collections::{BTreeMap, BTreeSet};

/// One post that was ordered.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// What to call it.
    pub name: String,
    /// Its words; a story has none.
    pub caption: Option<String>,
    /// What is to stand right below it.
    pub comment: Option<String>,
    /// The publications that the server named for it, however often it was ordered under its key.
    pub ids: BTreeSet<String>,
}

/// A publication, as the server tells of it.
#[derive(Debug, Clone, Default)]
pub struct Publication {
    /// How it ended.
    pub state: String,
    /// The post that it became.
    pub media: Option<String>,
}

/// A post that people see.
#[derive(Debug, Clone, Default)]
pub struct Post {
    /// Its id.
    pub id: String,
    /// Its words.
    pub caption: Option<String>,
    /// What was written below it.
    pub comments: Vec<String>,
}

/// The end of a trial.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// What was ordered.
    pub orders: Vec<Order>,
    /// What the server knows of, by id.
    pub publications: BTreeMap<String, Publication>,
    /// What is out and was not before.
    pub posts: Vec<Post>,
}

/// What is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Posts and comments that are out more than once, or that nobody ordered.
    pub twice: Vec<String>,
    /// Posts and comments that are not out.
    pub lost: Vec<String>,
    /// Other things that must not be.
    pub other: Vec<String>,
}

impl Findings {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self == &Self::default()
    }
}

/// Decides.
pub fn judge(ledger: &Ledger) -> Findings {
    let mut findings = Findings::default();
    let mut claimed: BTreeMap<&str, &str> = BTreeMap::new();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for order in &ledger.orders {
        known.extend(order.ids.iter().map(String::as_str));
        if let Some(post) = judge_order(order, ledger, &mut findings) {
            judge_comments(order, post, &mut findings);
            if let Some(other) = claimed.insert(&post.id, &order.name) {
                let says = format!("{} and {other} are the same post", order.name);
                findings.lost.push(says);
            }
        }
    }
    for post in &ledger.posts {
        if !claimed.contains_key(post.id.as_str()) {
            let Post { id, caption, .. } = post;
            findings
                .twice
                .push(format!("{id} {caption:?} is no order's post"));
        }
    }
    for id in ledger.publications.keys() {
        if !known.contains(id.as_str()) {
            findings
                .twice
                .push(format!("the publication {id} is of no order"));
        }
    }
    findings
}

/// The post that an order became.
fn judge_order<'a>(order: &Order, ledger: &'a Ledger, findings: &mut Findings) -> Option<&'a Post> {
    let name = &order.name;
    if order.ids.len() > 1 {
        let ids = &order.ids;
        findings.twice.push(format!("{name} is {ids:?}"));
    }
    let Some(id) = order.ids.first() else {
        findings.lost.push(format!("{name} was never taken"));
        return None;
    };
    let Some(publication) = ledger.publications.get(id) else {
        findings.lost.push(format!("{name} is not known any more"));
        return None;
    };
    if publication.state != "published" {
        let state = &publication.state;
        findings.lost.push(format!("{name} ended as {state}"));
        return None;
    }
    let media = publication.media.as_deref();
    let post = ledger.posts.iter().find(|post| Some(&*post.id) == media);
    match post {
        None => findings
            .lost
            .push(format!("{name} is told as {media:?}, which nobody sees")),
        Some(post) if post.caption != order.caption => {
            let caption = &post.caption;
            findings
                .other
                .push(format!("{name} is told as a post that says {caption:?}"));
        }
        Some(_) => {}
    }
    post
}

fn judge_comments(order: &Order, post: &Post, findings: &mut Findings) {
    let name = &order.name;
    let is_ours = |comment: &&String| Some(*comment) == order.comment.as_ref();
    let ours = post.comments.iter().filter(is_ours).count();
    if order.comment.is_some() && ours == 0 {
        findings.lost.push(format!("{name} has no first comment"));
    }
    if ours > 1 {
        findings
            .twice
            .push(format!("{name}: its first comment {ours} times"));
    }
    if post.comments.len() > ours {
        let comments = &post.comments;
        findings.other.push(format!(
            "{name} has comments that nobody ordered: {comments:?}"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A post with words and a comment, and a story.
    fn ledger() -> Ledger {
        let order = |number: usize, words: Option<&str>| Order {
            name: format!("post {number}"),
            caption: words.map(str::to_owned),
            comment: words.map(|words| format!("below {words}")),
            ids: BTreeSet::from([format!("p{number}")]),
        };
        let orders = vec![order(1, Some("sea")), order(2, None)];
        let posts = (1..).zip(&orders).map(|(number, order)| Post {
            id: format!("m{number}"),
            caption: order.caption.clone(),
            comments: order.comment.clone().into_iter().collect(),
        });
        let publication = |number: usize| Publication {
            state: "published".to_owned(),
            media: Some(format!("m{number}")),
        };
        Ledger {
            posts: posts.collect(),
            publications: [1, 2].map(|at| (format!("p{at}"), publication(at))).into(),
            orders,
        }
    }

    #[test]
    fn each_out_once_is_clean() {
        assert_eq!(judge(&ledger()), Findings::default());
    }

    #[test]
    fn what_is_out_twice_is_found() {
        let mut doubled = ledger();
        let mut again = doubled.posts[0].clone();
        again.id = "m9".to_owned();
        doubled.posts.push(again);
        assert_eq!(judge(&doubled).twice.len(), 1);
        let mut said_twice = ledger();
        let comment = said_twice.posts[0].comments[0].clone();
        said_twice.posts[0].comments.push(comment);
        assert_eq!(judge(&said_twice).twice.len(), 1);
        let mut ordered_twice = ledger();
        ordered_twice.orders[0].ids.insert("p9".to_owned());
        assert_eq!(judge(&ordered_twice).twice.len(), 1);
        let mut strange = ledger();
        let other = strange.publications["p1"].clone();
        strange.publications.insert("p8".to_owned(), other);
        assert_eq!(judge(&strange).twice.len(), 1);
    }

    #[test]
    fn what_is_not_out_is_found() {
        let mut gone = ledger();
        gone.posts.remove(0);
        assert_eq!(judge(&gone).lost.len(), 1);
        let mut silent = ledger();
        silent.posts[0].comments.clear();
        assert_eq!(judge(&silent).lost.len(), 1);
        let mut untaken = ledger();
        untaken.orders[0].ids.clear();
        assert!(!judge(&untaken).lost.is_empty());
        for state in ["failed", "unknown", "publishing"] {
            let mut stuck = ledger();
            stuck.publications.get_mut("p2").unwrap().state = state.to_owned();
            assert_eq!(judge(&stuck).lost.len(), 1, "{state}");
        }
    }

    #[test]
    fn one_post_told_as_two_is_found() {
        let mut same = ledger();
        same.publications.get_mut("p2").unwrap().media = Some("m1".to_owned());
        let findings = judge(&same);
        assert_eq!((findings.lost.len(), findings.twice.len()), (1, 1));
        assert!(!findings.other.is_empty(), "its words are others");
    }
}
