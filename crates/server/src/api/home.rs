//! Whether a call without a key comes from whoever sits at this machine, and not from a web page that their browser has
//! open: a page of anybody's can send calls to loopback, and lead a name of its own there.
//!
//! Browsers say where a call comes from in headers that pages cannot set: `Origin`, `Sec-Fetch-Site`
//! (<https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>, read 2026-11-22), and `Host`, which is the name that
//! was asked for (<https://datatracker.ietf.org/doc/html/rfc9110#section-7.2>, read 2026-11-22).

use std::net::IpAddr;

use axum::http::{HeaderMap, header, request::Parts};

const FETCH_SITE: &str = "sec-fetch-site";

/// The call names this machine, and no page of another place has sent it.
pub(super) fn is_asked_at_home(parts: &Parts) -> bool {
    let Some(asked) = authority(parts) else {
        return false;
    };
    is_loopback(asked) && is_from_here(&parts.headers, asked)
}

/// The one name that is asked for.
fn authority(parts: &Parts) -> Option<&str> {
    if let Some(authority) = parts.uri.authority() {
        return Some(authority.as_str());
    }
    only(&parts.headers, header::HOST.as_str())?
}

/// A header's one value; the outer `None`: there are several, or it is no text. The inner one: there is none.
#[allow(
    clippy::option_option,
    reason = "absent and unreadable are two things here"
)]
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<Option<&'a str>> {
    let mut all = headers.get_all(name).iter();
    let Some(first) = all.next() else {
        return Some(None);
    };
    match (first.to_str(), all.next()) {
        (Ok(text), None) => Some(Some(text)),
        _ => None,
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|c| c.is_ascii_digit()) => host,
        _ => authority,
    };
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    host.eq_ignore_ascii_case("localhost")
        || address
            .unwrap_or(host)
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

fn is_from_here(headers: &HeaderMap, asked: &str) -> bool {
    let origin = match only(headers, header::ORIGIN.as_str()) {
        None => false,
        Some(None) => true,
        Some(Some(origin)) => origin
            .split_once("://")
            .is_some_and(|(_, from)| from.eq_ignore_ascii_case(asked)),
    };
    let site = match only(headers, FETCH_SITE) {
        None => false,
        Some(None) => true,
        // `none`: the person typed the address. Another port of this machine is `same-site`, and is not us.
        Some(Some(site)) => matches!(site, "none" | "same-origin"),
    };
    origin && site
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn at_home(headers: &[(&str, &str)]) -> bool {
        let mut request = Request::get("/v1/me");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_asked_at_home(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn only_this_machines_names_are_home() {
        for good in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:80",
            "127.9.9.9",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(at_home(&[("host", good)]), "{good}");
        }
        for bad in [
            "evil.example:8080",
            "localhost.evil.example",
            "10.0.0.2:80",
            "127.0.0.1.evil.example",
            "",
        ] {
            assert!(!at_home(&[("host", bad)]), "{bad}");
        }
        assert!(!at_home(&[]), "nobody is named");
        assert!(!at_home(&[("host", "localhost"), ("host", "evil.example")]));
    }

    #[test]
    fn a_page_of_another_place_is_not_home() {
        let host = ("host", "localhost:8080");
        for good in [
            ("origin", "http://localhost:8080"),
            ("sec-fetch-site", "none"),
            ("sec-fetch-site", "same-origin"),
        ] {
            assert!(at_home(&[host, good]), "{good:?}");
        }
        for bad in [
            ("origin", "https://evil.example"),
            ("origin", "http://localhost:3000"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert!(!at_home(&[host, bad]), "{bad:?}");
        }
    }
}
