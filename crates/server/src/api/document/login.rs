//! `/instagram/auth/*`: how an account is connected. The document's two calls in its shapes, for programs with a key;
//! and the browser's way, which Meta's redirect really takes: a link that leads to Meta, and a page to come back to.
//!
//! Longer than 400 lines: half of it is the shapes of what goes in and out, from which the contract is written.

use std::sync::Arc;

use axum::{
    Extension, Form, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use garde::Validate;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::login_page::Page;
use crate::{
    accounts::{
        login::{Asker, Back, Bound, Connected, Family, LOGIN_LIVES_MS, LoginError, Meant},
        secret, verdict,
    },
    api::{ApiError, Asked, Caller, Failures, Gate, In, Reach, Scope, ShownOnce},
    error::{InputProblem, throttled},
};

const COOKIE: &str = "gramophone_login";

pub(super) fn routes() -> OpenApiRouter<Arc<Gate>> {
    OpenApiRouter::new()
        .routes(routes!(auth_url))
        .routes(routes!(callback, redirected))
        .routes(routes!(chosen))
}

/// Which login is wanted.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct UrlIn {
    /// Your own state. It comes back with the code, and only your key can finish with it. Left out: we make one.
    #[garde(length(bytes, max = 512))]
    state: Option<String>,
    /// `instagram` (default) or `facebook`.
    #[garde(custom(known_login))]
    #[param(example = "instagram")]
    login: Option<String>,
    /// Connect this account again, and no other: such a link needs no key in a browser.
    #[garde(length(max = 40))]
    account: Option<String>,
    /// What stands in a `login_url`.
    #[garde(length(max = 64))]
    ticket: Option<String>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::ref_option,
    reason = "garde hands its validators references, whatever they check"
)]
fn known_login(word: &Option<String>, (): &()) -> garde::Result {
    match word.as_deref().map(Family::parse) {
        Some(None) => Err(garde::Error::new("is none of: instagram, facebook")),
        _ => Ok(()),
    }
}

/// Where a login begins.
#[derive(Debug, Serialize, ToSchema)]
struct UrlOut {
    /// Meta's page. The code that it leads to is finished by POST /instagram/auth/callback, with the same key.
    #[schema(example = "https://www.instagram.com/oauth/authorize?client_id=1&state=…")]
    auth_url: String,
    message: &'static str,
    /// What comes back with the code.
    state: String,
    /// A link to hand to the account's owner: good once, it ends on a page of ours and needs no key.
    login_url: String,
    /// Seconds until both are too late.
    #[schema(example = 600)]
    expires_in: i64,
}

/// Where a login begins: JSON for a program with a key, Meta's page itself for a browser.
#[utoipa::path(
    get, path = "/instagram/auth/url", tag = "login", params(UrlIn),
    responses(
        (status = 200, body = UrlOut),
        (status = 303, description = "A browser is led to Meta."),
        Failures
    )
)]
async fn auth_url(
    State(gate): State<Arc<Gate>>,
    caller: Result<Caller, ApiError>,
    headers: HeaderMap,
    Asked(asked): Asked<UrlIn>,
) -> Result<Response, ApiError> {
    let family = asked.login.as_deref().and_then(Family::parse);
    if wants_page(&headers) {
        return Ok(browser_url(&gate, caller, &headers, asked, family).await);
    }
    let caller = caller?;
    caller.need(Scope::Manage)?;
    let meant = meant_by(&gate, &caller, family, asked.account)?;
    let state = asked.state.filter(|state| !state.is_empty());
    let state = state.unwrap_or_else(secret::random);
    let bound = bound_to(&caller);
    let url = gate.accounts.begin_login(&meant, &bound, &state).await;
    let url = url.map_err(|error| said(error, true))?;
    let ticket = gate.accounts.ticket(&meant).await;
    let ticket = ticket.map_err(|error| said(error, true))?;
    let answer = UrlOut {
        auth_url: url.into(),
        message: "Redirect user to this URL for Instagram authorization",
        state,
        login_url: format!(
            "{}/instagram/auth/url?ticket={ticket}",
            gate.accounts.base_url()
        ),
        expires_in: LOGIN_LIVES_MS / 1000,
    };
    Ok(Json(answer).into_response())
}

/// The browser is bound by a cookie and led to Meta.
async fn browser_url(
    gate: &Gate,
    caller: Result<Caller, ApiError>,
    headers: &HeaderMap,
    asked: UrlIn,
    family: Option<Family>,
) -> Response {
    let page = Page::of(headers);
    let caller = caller.ok();
    let may = caller.filter(|caller| caller.need(Scope::Manage).is_ok());
    let meant = match (asked.ticket, asked.account) {
        (Some(ticket), _) => match gate.accounts.take_ticket(&ticket).await {
            Ok(meant) => meant,
            Err(error) => return page.failed(&error),
        },
        // Whoever finishes it has proved that the account is theirs, and it is connected already.
        (None, account @ Some(_)) => match meant(gate, family, account) {
            Ok(meant) => meant,
            Err(_) => return page.failed(&verdict::STATE_UNKNOWN.into()),
        },
        (None, None) => {
            let meant = may.and_then(|caller| meant_by(gate, &caller, family, None).ok());
            match meant {
                Some(meant) => meant,
                None => return page.failed(&verdict::STATE_UNKNOWN.into()),
            }
        }
    };
    let cookie = secret::random();
    let bound = Bound::Browser(SecretString::from(cookie.clone()));
    match gate
        .accounts
        .begin_login(&meant, &bound, &secret::random())
        .await
    {
        Ok(url) => {
            let set = login_cookie(gate, &cookie, LOGIN_LIVES_MS / 1000);
            ([(header::SET_COOKIE, set)], Redirect::to(url.as_str())).into_response()
        }
        Err(error) => page.failed(&error),
    }
}

/// The login that is meant: that of the account, where one is named, unless another is asked for.
fn meant(gate: &Gate, family: Option<Family>, account: Option<String>) -> Result<Meant, ApiError> {
    let Some(account) = account else {
        return Ok(Meant {
            family: family.unwrap_or(Family::Instagram),
            only: None,
        });
    };
    let known = gate.accounts.find(&account);
    let known = known.ok_or_else(crate::accounts::no_account)?;
    let usual = Family::parse(&known.row.login).unwrap_or(Family::Instagram);
    Ok(Meant {
        family: family.unwrap_or(usual),
        only: Some(known.row.account),
    })
}

/// The same for a key: one for some accounts alone connects none of the others, nor hands out a link that does.
fn meant_by(
    gate: &Gate,
    caller: &Caller,
    family: Option<Family>,
    account: Option<String>,
) -> Result<Meant, ApiError> {
    let Reach::Only(ids) = caller.reach() else {
        return meant(gate, family, account);
    };
    let mut ids_left = ids.iter();
    let account = match (account, ids_left.next(), ids_left.next()) {
        (Some(account), ..) => account,
        (None, Some(only), None) => only.clone(),
        _ => {
            return Err(ApiError::invalid_at(
                "account",
                "this key may use some accounts only; name the one to connect",
            ));
        }
    };
    let known = gate.accounts.find(&account);
    let account = known.map_or(account, |known| known.row.account);
    if !ids.contains(&account) {
        return Err(crate::accounts::no_account());
    }
    let connected = gate.accounts.find(&account).map(|_| account.clone());
    Ok(Meant {
        only: Some(account),
        ..meant(gate, family, connected)?
    })
}

/// The login is this key's, and what it gets is no more than it has.
fn bound_to(caller: &Caller) -> Bound {
    Bound::Key(Asker {
        id: caller.id.clone(),
        scopes: caller.scopes().collect(),
        reach: caller.reach().clone(),
    })
}

fn login_cookie(gate: &Gate, value: &str, seconds: i64) -> String {
    let secure = if gate.accounts.base_url().starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    format!(
        "{COOKIE}={value}; Path=/instagram/auth; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    )
}

fn cookie(headers: &HeaderMap) -> Option<SecretString> {
    let all = headers.get_all(header::COOKIE).iter();
    all.filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| SecretString::from(value.to_owned()))
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"))
}

/// What a program got back from Meta.
#[derive(Debug, Deserialize, Validate, ToSchema)]
struct CallbackIn {
    /// The code; a `#_` at its end is not part of it. Left out only when Pages are chosen for a login that asked which.
    #[garde(length(bytes, min = 1, max = 4096))]
    #[schema(example = "AQ…")]
    code: Option<String>,
    /// The state that came with it. Only an administrator's key may leave it out.
    #[garde(length(bytes, max = 512))]
    state: Option<String>,
    /// Without a state: `instagram` (default) or `facebook`.
    #[garde(custom(known_login))]
    login: Option<String>,
    /// Facebook Login with several Pages: which to connect.
    #[garde(length(bytes, max = 64))]
    page_id: Option<String>,
}

/// The account as the document shows it.
#[derive(Debug, Serialize, ToSchema)]
struct LoginProfileOut {
    /// Meta's `id`.
    #[schema(example = "23945278568488807")]
    id: String,
    #[schema(example = "business_account")]
    username: String,
    #[schema(example = "BUSINESS")]
    account_type: String,
    #[schema(example = 42)]
    media_count: i64,
    /// The professional account, as webhooks name it.
    #[schema(example = "17841400000000001")]
    user_id: String,
}

/// A connected account.
#[derive(Debug, Serialize, ToSchema)]
struct CallbackOut {
    /// Our handle for the account: send it back as `access_token`. Meta's token stays here.
    #[schema(example = "gmh_…")]
    access_token: String,
    #[schema(example = "bearer")]
    token_type: &'static str,
    /// Seconds until Meta's token ends, which is renewed long before; none: it has no end.
    #[schema(example = 5_183_944)]
    expires_in: Option<i64>,
    user_profile: LoginProfileOut,
    message: String,
}

/// Finishes a login that this key began.
#[utoipa::path(
    post, path = "/instagram/auth/callback", tag = "login", request_body = CallbackIn,
    responses((status = 200, body = CallbackOut), Failures)
)]
async fn callback(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    In(asked): In<CallbackIn>,
) -> Result<(Extension<ShownOnce>, Json<CallbackOut>), ApiError> {
    caller.need(Scope::Manage)?;
    let state = asked.state.filter(|state| !state.is_empty());
    if state.is_none() {
        caller.need(Scope::Admin)?;
    }
    let family = asked.login.as_deref().and_then(Family::parse);
    let back = Back {
        code: asked.code.as_deref().map(without_tail),
        without_state: state.is_none().then(|| family.unwrap_or(Family::Instagram)),
        state,
        pages: asked.page_id.into_iter().collect(),
    };
    let bound = bound_to(&caller);
    let has_state = back.state.is_some();
    let finished = gate.accounts.finish_login(&bound, back).await;
    let connected = finished.map_err(|error| said(error, has_state))?;
    let one = connected
        .into_iter()
        .next()
        .ok_or_else(ApiError::internal)?;
    let out = callback_out(&gate, one)?;
    Ok((Extension(ShownOnce), Json(out)))
}

fn callback_out(gate: &Gate, connected: Connected) -> Result<CallbackOut, ApiError> {
    let Connected {
        row,
        media_count,
        handle,
        not_subscribed,
    } = connected;
    let now_ms = gate.clock.now_ms();
    let message = match not_subscribed {
        None => "Instagram authentication successful".to_owned(),
        Some(failure) => format!(
            "Instagram authentication successful, but its events are not delivered yet. {} {}",
            failure.english.0, failure.english.1
        ),
    };
    let handle = handle.ok_or_else(ApiError::internal)?;
    Ok(CallbackOut {
        access_token: handle.expose_secret().to_owned(),
        token_type: "bearer",
        expires_in: row.expires_at_ms.map(|end_ms| (end_ms - now_ms) / 1000),
        user_profile: LoginProfileOut {
            id: row.app_scoped_id.unwrap_or_else(|| row.account.clone()),
            username: row.username.unwrap_or_default(),
            // Facebook Login does not tell; what has a Page is a business's.
            account_type: row.account_type.unwrap_or_else(|| "BUSINESS".to_owned()),
            media_count: media_count.unwrap_or_default(),
            user_id: row.account,
        },
        message,
    })
}

/// What Meta's redirect brings.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct RedirectIn {
    #[garde(length(bytes, max = 4096))]
    code: Option<String>,
    #[garde(length(bytes, max = 512))]
    state: Option<String>,
    /// `access_denied` when the person cancelled; what else went wrong at Meta, otherwise.
    #[garde(skip)]
    error: Option<String>,
    /// `user_denied` when the person cancelled.
    #[garde(skip)]
    error_reason: Option<String>,
    #[garde(skip)]
    error_description: Option<String>,
    /// Facebook Login's word for the same.
    #[garde(skip)]
    error_code: Option<String>,
    #[garde(skip)]
    error_message: Option<String>,
}

/// Where Meta leads a browser back to: finishes the login that this browser began, and says so on a page.
#[utoipa::path(
    get, path = "/instagram/auth/callback", tag = "login", params(RedirectIn), security(()),
    responses(
        (status = 200, description = "A page: the account is connected, or which Page is meant.", content_type = "text/html", body = String),
        (status = 400, description = "A page: what went wrong, and the next step.", content_type = "text/html", body = String),
        (status = 429, description = "A page: Meta takes no calls for now.", content_type = "text/html", body = String)
    )
)]
async fn redirected(
    State(gate): State<Arc<Gate>>,
    headers: HeaderMap,
    asked: Result<Asked<RedirectIn>, ApiError>,
) -> Response {
    let page = Page::of(&headers);
    let Ok(Asked(asked)) = asked else {
        return page.failed(&verdict::CODE_MISSING.into());
    };
    let words = [
        &asked.error,
        &asked.error_reason,
        &asked.error_description,
        &asked.error_code,
        &asked.error_message,
    ];
    if let Some(failure) = verdict::of_redirect(&words.map(|word| word.as_deref())) {
        return page.failed(&failure.into());
    }
    let back = Back {
        code: asked.code.as_deref().map(without_tail),
        state: asked.state,
        without_state: None,
        pages: Vec::new(),
    };
    finish_in_browser(&gate, &headers, page, back).await
}

/// Which Pages a person chose on our page.
#[derive(Debug, Deserialize)]
struct ChosenIn {
    state: String,
    page_id: String,
}

/// The choice of a Page, from the page that asked which: for browsers only.
#[utoipa::path(
    post, path = "/instagram/auth/page", tag = "login", security(()),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A page: the account is connected.", content_type = "text/html", body = String),
        (status = 400, description = "A page: what went wrong, and the next step.", content_type = "text/html", body = String),
        (status = 429, description = "A page: Meta takes no calls for now.", content_type = "text/html", body = String)
    )
)]
async fn chosen(
    State(gate): State<Arc<Gate>>,
    headers: HeaderMap,
    form: Result<Form<ChosenIn>, axum::extract::rejection::FormRejection>,
) -> Response {
    let page = Page::of(&headers);
    let Ok(Form(chosen)) = form else {
        return page.failed(&verdict::STATE_UNKNOWN.into());
    };
    let back = Back {
        code: None,
        state: Some(chosen.state),
        without_state: None,
        pages: vec![chosen.page_id],
    };
    finish_in_browser(&gate, &headers, page, back).await
}

async fn finish_in_browser(gate: &Gate, headers: &HeaderMap, page: Page, back: Back) -> Response {
    // Without a cookie nobody is it who began the login.
    let cookie = cookie(headers).unwrap_or_else(|| SecretString::from(secret::random()));
    let state = back.state.clone().unwrap_or_default();
    match gate
        .accounts
        .finish_login(&Bound::Browser(cookie), back)
        .await
    {
        Ok(connected) => {
            let forget = login_cookie(gate, "", 0);
            ([(header::SET_COOKIE, forget)], page.connected(&connected)).into_response()
        }
        Err(LoginError::Choose(pages)) => page.choose(&state, &pages),
        Err(error) => page.failed(&error),
    }
}

/// Instagram hangs `#_` on the address, which some programs take for part of the code.
fn without_tail(code: &str) -> SecretString {
    let code = code.trim();
    SecretString::from(code.strip_suffix("#_").unwrap_or(code).to_owned())
}

/// What went wrong with a login, for programs. Without a state nothing of it is kept.
fn said(error: LoginError, has_state: bool) -> ApiError {
    match error {
        LoginError::Store(error) => error.into(),
        LoginError::NotYet(wait) => throttled(wait).saying(
            "throttled_by_meta",
            "Meta's allowance is used up for now, so the login cannot be finished yet",
            "Send the same call again then. A login link lives for ten minutes: after that, ask for a new one.",
        ),
        LoginError::CutShort(wait) => throttled(wait).saying(
            "throttled_by_meta",
            "Meta's allowance was used up in the middle of the login",
            "Ask for a new login link then; this one is used up.",
        ),
        LoginError::Choose(pages) => {
            let problems = pages.into_iter().map(|page| InputProblem {
                at: "page_id".to_owned(),
                says: format!(
                    "{} ({}, @{})",
                    page.id,
                    page.name.unwrap_or_default(),
                    page.username.unwrap_or_default()
                ),
            });
            ApiError::new(
                StatusCode::CONFLICT,
                "page_choice",
                "the login shares several Pages, and one of them is meant",
            )
            .next_step(if has_state {
                "Send the call again with the same state, no code, and page_id: one of those in problems."
            } else {
                "Log in again, and send the new code with page_id: one of those in problems."
            })
            .listing(problems.collect())
        }
        LoginError::Known(failure, meta) => {
            let (says, next) = failure.english;
            let status = match failure {
                verdict::AWAY | verdict::CUT_OFF => StatusCode::BAD_GATEWAY,
                verdict::THROTTLED => StatusCode::TOO_MANY_REQUESTS,
                verdict::APP_UNSET => StatusCode::SERVICE_UNAVAILABLE,
                verdict::CODE_USED | verdict::STATE_USED => StatusCode::CONFLICT,
                _ => StatusCode::BAD_REQUEST,
            };
            let known = ApiError::new(status, failure.code, says)
                .next_step(next)
                .about("account");
            match meta.as_ref().and_then(|meta| meta.graph()) {
                Some(graph) => known.with_meta(graph),
                None => known,
            }
        }
    }
}
