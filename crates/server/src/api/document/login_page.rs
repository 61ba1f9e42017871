//! What a browser sees at the end of a login: it worked, which Page is meant, or what went wrong and the next step. No
//! script, nothing from elsewhere, in Portuguese or English.

use std::fmt::Write as _;

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use graph_api::oauth::LinkedPage;

use crate::{
    accounts::{
        login::{Connected, LoginError},
        verdict,
    },
    page::{SIGN, STYLE, Tongue, tongue},
};

const FORM_STYLE: &str = "label{display:block;padding:8px 0}button{font:inherit;margin-top:8px;padding:8px 20px;border:0;\
border-radius:8px;background:var(--accent);color:var(--ground);cursor:pointer}\
button:focus-visible,input:focus-visible{outline:2px solid var(--accent);outline-offset:2px}";

/// A page in the browser's language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page(Tongue);

struct Words {
    lang: &'static str,
    connected: &'static str,
    close: &'static str,
    failed: &'static str,
    next: &'static str,
    choose: &'static str,
    button: &'static str,
    without_events: &'static str,
}

const PORTUGUESE: Words = Words {
    lang: "pt-BR",
    connected: "Conta conectada",
    close: "Pode fechar esta página.",
    failed: "Não deu para conectar a conta",
    next: "Próximo passo",
    choose: "Qual Página?",
    button: "Conectar",
    without_events: "As mensagens desta conta ainda não chegam aqui.",
};

const ENGLISH: Words = Words {
    lang: "en",
    connected: "Account connected",
    close: "You can close this page.",
    failed: "The account could not be connected",
    next: "Next step",
    choose: "Which Page?",
    button: "Connect",
    without_events: "This account's messages do not arrive here yet.",
};

impl Page {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accepted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        Self(tongue(accepted.unwrap_or_default()))
    }

    fn words(self) -> &'static Words {
        match self.0 {
            Tongue::Portuguese => &PORTUGUESE,
            Tongue::English => &ENGLISH,
        }
    }

    fn pick(self, failure: verdict::Failure) -> (&'static str, &'static str) {
        match self.0 {
            Tongue::Portuguese => failure.portuguese,
            Tongue::English => failure.english,
        }
    }

    pub(super) fn connected(self, connected: &[Connected]) -> Response {
        let words = self.words();
        let mut body = format!("<p class=\"good\">● {}</p><ul>", words.connected);
        for one in connected {
            let name = one.row.username.as_deref().unwrap_or(&one.row.account);
            let _ = write!(body, "<li>@{}</li>", escaped(name));
        }
        body.push_str("</ul>");
        let failure = connected.iter().find_map(|one| one.not_subscribed);
        let next = match failure {
            None => words.close.to_owned(),
            Some(failure) => format!("{} {}", words.without_events, self.pick(failure).1),
        };
        self.page(StatusCode::OK, words.connected, &body, &next)
    }

    pub(super) fn choose(self, state: &str, pages: &[LinkedPage]) -> Response {
        let words = self.words();
        let mut body = format!(
            "<h2>{}</h2><form method=\"post\" action=\"/instagram/auth/page\">\
             <input type=\"hidden\" name=\"state\" value=\"{}\">",
            words.choose,
            escaped(state)
        );
        for page in pages {
            let _ = write!(
                body,
                "<label><input type=\"radio\" name=\"page_id\" value=\"{}\" required> {} (@{})</label>",
                escaped(page.id.as_str()),
                escaped(page.name.as_deref().unwrap_or(page.id.as_str())),
                escaped(page.username.as_deref().unwrap_or_default()),
            );
        }
        let _ = write!(body, "<button>{}</button></form>", words.button);
        self.page(StatusCode::OK, words.choose, &body, "")
    }

    pub(super) fn failed(self, error: &LoginError) -> Response {
        let mut wait = None;
        let failure = match error {
            LoginError::Known(failure, _) => *failure,
            LoginError::Choose(_) => verdict::STATE_UNKNOWN,
            LoginError::NotYet(after) | LoginError::CutShort(after) => {
                wait = Some(after.as_millis().div_ceil(1000));
                verdict::THROTTLED
            }
            LoginError::Store(error) => {
                tracing::error!(%error, "a login failed in the database");
                verdict::AWAY
            }
        };
        tracing::info!(code = failure.code, "a login was not finished");
        let (says, next) = self.pick(failure);
        let words = self.words();
        let body = format!("<p class=\"bad\">▲ {}</p><p>{says}</p>", words.failed);
        let Some(seconds) = wait else {
            return self.page(StatusCode::BAD_REQUEST, words.failed, &body, next);
        };
        let page = self.page(StatusCode::TOO_MANY_REQUESTS, words.failed, &body, next);
        ([(header::RETRY_AFTER, seconds.to_string())], page).into_response()
    }

    /// `title`, `body` and `next` are ours or escaped.
    fn page(self, status: StatusCode, title: &str, body: &str, next: &str) -> Response {
        let words = self.words();
        let next = if next.is_empty() {
            String::new()
        } else {
            format!("<section><h2>{}</h2><p>{next}</p></section>", words.next)
        };
        let html = format!(
            "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{title} · Gramophone</title><style>{STYLE}{FORM_STYLE}</style><main>{SIGN}\
             <h1>Gramophone</h1><section>{body}</section>{next}</main></html>",
            words.lang
        );
        let headers = [
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
            ),
            (header::VARY, "accept-language"),
        ];
        (status, headers, Html(html)).into_response()
    }
}

/// Names come from Meta, and from whoever chose them there.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_markup() {
        assert_eq!(
            escaped("<b onclick='x'>\"&"),
            "&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;"
        );
    }
}
