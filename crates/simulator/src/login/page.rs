//! The page itself: who asks, who answers, what is asked for. Without scripts, so that any browser and any reader of
//! forms can use it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use axum::response::{Html, IntoResponse as _, Response};
use hyper::StatusCode;

const STYLE: &str = include_str!("style.css");

/// An account or a Page that can be chosen.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) note: String,
    pub(super) chosen: bool,
}

pub(super) struct View<'a> {
    /// Whose page it is.
    pub(super) place: &'a str,
    /// The query of the address: the form goes back to it.
    pub(super) query: &'a str,
    pub(super) scopes: &'a BTreeSet<String>,
    /// Scopes that cannot be left out.
    pub(super) always: &'a [&'a str],
    pub(super) choices: Vec<Choice>,
    /// Several may be chosen: Pages. Else one account.
    pub(super) many: bool,
    pub(super) problem: Option<&'a str>,
}

/// The question.
pub(super) fn ask(view: &View<'_>) -> Response {
    let problem = view.problem.map_or_else(String::new, |problem| {
        format!(
            "<p class=\"problem\" role=\"alert\">{}</p>",
            escape(problem)
        )
    });
    let body = format!(
        "<p class=\"place\">{place}<span>simulated</span></p>\
         <h1>Gramophone asks for access</h1>{problem}\
         <form method=\"post\" action=\"?{query}\">\
         <fieldset><legend>{who}</legend>{choices}</fieldset>\
         <fieldset><legend>What it may do</legend>{scopes}</fieldset>\
         <div class=\"buttons\"><button name=\"decision\" value=\"cancel\">Cancel</button>\
         <button class=\"main\" name=\"decision\" value=\"allow\">Allow</button></div></form>",
        place = view.place,
        query = escape(view.query),
        choices = choices(view),
        scopes = scopes(view),
        who = if view.many {
            "Which Pages"
        } else {
            "Which account"
        },
    );
    Html(page(&format!("Log in with {}", view.place), &body)).into_response()
}

fn choices(view: &View<'_>) -> String {
    let (kind, name) = if view.many {
        ("checkbox", "page")
    } else {
        ("radio", "account")
    };
    let mut text = String::new();
    for choice in &view.choices {
        let first: String = choice
            .title
            .chars()
            .take(1)
            .flat_map(char::to_uppercase)
            .collect();
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "<label class=\"choice\"><span class=\"face\">{}</span><span class=\"words\"><strong>{}</strong>\
             <small>{}</small></span><input type=\"{kind}\" name=\"{name}\" value=\"{}\"{}></label>",
            escape(&first),
            escape(&choice.title),
            escape(&choice.note),
            escape(&choice.id),
            if choice.chosen { " checked" } else { "" },
        );
    }
    text
}

fn scopes(view: &View<'_>) -> String {
    let mut text = String::new();
    for scope in view.scopes {
        let (note, disabled) = if view.always.contains(&scope.as_str()) {
            (", always", " disabled")
        } else {
            ("", "")
        };
        let _ = write!(
            text,
            "<label class=\"scope\"><span class=\"words\">{says}<small>{name}{note}</small></span>\
             <input type=\"checkbox\" name=\"grant\" value=\"{name}\" checked{disabled}></label>",
            says = says(scope),
            name = escape(scope),
        );
    }
    text
}

/// A request that Meta's page does not serve: no redirect, as the address back is not to be trusted.
pub(super) fn refused(why: &str) -> Response {
    let body = format!(
        "<p class=\"place\">Log-in<span>simulated</span></p><h1>This request cannot be served</h1>\
         <p class=\"problem\" role=\"alert\">{}</p>",
        escape(why)
    );
    (StatusCode::BAD_REQUEST, Html(page("Log-in", &body))).into_response()
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
}

/// What a scope means to whoever grants it.
fn says(scope: &str) -> &'static str {
    match scope
        .trim_start_matches("instagram_")
        .trim_start_matches("business_")
    {
        "basic" => "See profile and posts",
        "content_publish" => "Publish posts, reels and stories",
        "manage_comments" => "Read, answer, hide and delete comments",
        "manage_contents" => "Delete posts",
        "manage_engagement" => "Like posts and comments",
        "manage_insights" => "See numbers about posts and audience",
        "manage_messages" | "pages_messaging" => "Read and answer messages",
        "pages_manage_metadata" => "Get told about events of the Page",
        "pages_read_engagement" => "Read the Page's content",
        "pages_show_list" => "See the list of Pages",
        "management" => "Manage the business",
        "ads_management" | "ads_read" => "Reach Pages held by a business",
        _ => "See the public profile",
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
