//! `GET /`: one plain page that says whether the server is well and what to do next.
//!
//! No script, no file from elsewhere; the colours are the house's own. In the language the browser
//! asks for, Portuguese or English.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
};

use crate::health::{Health, Readiness};

/// What the page knows beside the health of the parts.
#[derive(Debug)]
pub(crate) struct StatusPage {
    /// How the parts are.
    pub health: Arc<Health>,
    /// Whether a token to answer with is set.
    pub can_answer: bool,
    /// Where the world reaches us, if somewhere.
    pub public_url: Option<String>,
}

/// Which language a page is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tongue {
    Portuguese,
    English,
}

/// Portuguese if the browser prefers it to English.
pub(crate) fn tongue(accept_language: &str) -> Tongue {
    let mut best = (0.0_f32, Tongue::English);
    for item in accept_language.split(',') {
        let (name, quality) = item.split_once(";q=").unwrap_or((item, "1"));
        let quality: f32 = quality.trim().parse().unwrap_or(0.0);
        let name = name.trim().to_ascii_lowercase();
        let spoken = match name.split('-').next() {
            Some("pt") => Tongue::Portuguese,
            Some("en") => Tongue::English,
            _ => continue,
        };
        if quality > best.0 {
            best = (quality, spoken);
        }
    }
    best.1
}

struct Words {
    lang: &'static str,
    tagline: &'static str,
    well: &'static str,
    unwell: &'static str,
    next: &'static str,
    all_set: &'static str,
    need_token: &'static str,
    need_public: &'static str,
    need_repair: &'static str,
}

const PORTUGUESE: Words = Words {
    lang: "pt-BR",
    tagline: "Mande um reel, receba o vídeo e o que ele diz.",
    well: "Tudo funcionando.",
    unwell: "Alguma coisa não está funcionando:",
    next: "Próximo passo",
    all_set: "Mande um reel para a conta e veja a resposta chegar.",
    need_token: "Falta a chave que responde as mensagens. Preencha INSTAGRAM_PAGE_ACCESS_TOKEN e reinicie.",
    need_public: "Diga onde o mundo encontra este servidor: preencha GRAMOPHONE_PUBLIC_URL com o endereço HTTPS e cadastre o webhook no painel da Meta.",
    need_repair: "Rode <code>gramophone doctor</code>: ele diz o que fazer em cada linha.",
};

const ENGLISH: Words = Words {
    lang: "en",
    tagline: "Send a reel, get the video and what it says.",
    well: "Everything works.",
    unwell: "Something does not work:",
    next: "Next step",
    all_set: "Send a reel to the account and watch the answer arrive.",
    need_token: "The token that answers messages is missing. Set INSTAGRAM_PAGE_ACCESS_TOKEN and restart.",
    need_public: "Say where the world finds this server: set GRAMOPHONE_PUBLIC_URL to its HTTPS address and enter the webhook in Meta's dashboard.",
    need_repair: "Run <code>gramophone doctor</code>: each of its lines says what to do.",
};

pub(crate) const STYLE: &str = ":root{color-scheme:light dark;--ground:#FAF7F2;--raised:#fff;--text:#1D1B22;--quiet:#5B5766;--accent:#8A5A00;--bad:#B4233C;--good:#1F7A4D}\
@media(prefers-color-scheme:dark){:root{--ground:#17161B;--raised:#211F27;--text:#fff;--quiet:#CFCBD6;--accent:#E0A526;--bad:#FF7A8A;--good:#5BD39A}}\
body{margin:0;background:var(--ground);color:var(--text);font:16px/24px system-ui,sans-serif}\
main{max-width:560px;margin:0 auto;padding:64px 24px}\
svg{width:56px;height:56px;color:var(--accent)}\
h1{font-size:32px;line-height:40px;margin:16px 0 0}\
p{margin:8px 0}.quiet{color:var(--quiet)}.good{color:var(--good)}.bad{color:var(--bad)}\
section{background:var(--raised);border-radius:12px;padding:16px 20px;margin-top:32px}\
h2{font-size:16px;line-height:24px;margin:0}ul{padding-left:20px;margin:8px 0}\
code{font:14px/20px ui-monospace,monospace;color:var(--accent)}";

/// A horn over a record, in one colour.
pub(crate) const SIGN: &str = "<svg viewBox=\"0 0 16 16\" fill=\"currentColor\" aria-hidden=\"true\"><path d=\"M2 1.5c3 .4 5.600 2 7.200 4.700L12.500 3v6L9.600 8.400C7.500 7.600 3.500 6.500 2 6.500z\"/><path fill-rule=\"evenodd\" d=\"M8 9.500c3.300 0 6 1.300 6 2.900s-2.700 2.900-6 2.900-6-1.300-6-2.900 2.700-2.900 6-2.900zm0 2.200c-.9 0-1.600.300-1.600.7s.7.700 1.600.700 1.600-.3 1.600-.7-.7-.7-1.600-.7z\"/></svg>";

/// The page.
pub(crate) async fn page(State(page): State<Arc<StatusPage>>, headers: HeaderMap) -> Response {
    let accepted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    let words = match tongue(accepted) {
        Tongue::Portuguese => &PORTUGUESE,
        Tongue::English => &ENGLISH,
    };
    let html = page.html(words, &page.health.readiness().await);
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
        (header::VARY, "accept-language"),
    ];
    (headers, Html(html)).into_response()
}

impl StatusPage {
    fn html(&self, words: &Words, readiness: &Readiness) -> String {
        let next = if !readiness.ready {
            words.need_repair
        } else if !self.can_answer {
            words.need_token
        } else if self.public_url.is_none() {
            words.need_public
        } else {
            words.all_set
        };
        let state = if readiness.ready {
            format!("<p class=\"good\">● {}</p>", words.well)
        } else {
            // Names of parts are ours and plain; their details may hold paths and stay out of here.
            let mut list = format!("<p class=\"bad\">▲ {}</p><ul>", words.unwell);
            for (name, _) in readiness.parts.iter().filter(|(_, part)| !part.ok) {
                let _ = write!(list, "<li>{name}</li>");
            }
            list + "</ul>"
        };
        format!(
            "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>Gramophone</title><style>{STYLE}</style><main>{SIGN}\
             <h1>Gramophone</h1><p class=\"quiet\">{}</p><section>{state}</section>\
             <section><h2>{}</h2><p>{next}</p></section></main></html>",
            words.lang, words.tagline, words.next
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_chooses_the_tongue() {
        for (accepted, want) in [
            ("pt-BR,pt;q=0.9,en;q=0.8", Tongue::Portuguese),
            ("en-US,en;q=0.9,pt;q=0.8", Tongue::English),
            ("de,pt;q=0.5,en;q=0.3", Tongue::Portuguese),
            ("", Tongue::English),
            ("ja", Tongue::English),
        ] {
            assert_eq!(tongue(accepted), want, "{accepted}");
        }
    }
}
