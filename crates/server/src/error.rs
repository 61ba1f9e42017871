//! The one shape of an error answer: `{"detail": …, "error": {…}}`.
//!
//! `detail` is a sentence for people, as the second document's clients read it; `error` is for programs: a word, what
//! it is about, when to come back, the one next step, and Meta's own words where Meta refused. An inner failure says
//! nothing here; the log says it, once.
//! Longer than 400 lines, since it is one table of everything that can be told.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use graph_api::error::{CallError, ErrorKind, GraphError, NotSent, Reaction};
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

/// An error on its way to a client.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    status: StatusCode,
    detail: String,
    error: Box<ErrorBody>,
}

/// What a program reads of an error.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// The word for this error; stable.
    #[schema(example = "invalid_input")]
    code: &'static str,
    /// What it is about: `request`, `access`, `account`, `meta` or `server`.
    #[schema(example = "request")]
    kind: &'static str,
    /// Seconds after which the same call may succeed; none: not by waiting.
    #[schema(example = 30)]
    retry_after: Option<u64>,
    /// What to do next.
    #[schema(example = "Correct the fields named in problems and send the call again.")]
    next_step: String,
    /// Meta's own error, where Meta refused.
    meta: Option<MetaError>,
    /// Everything that is wrong with the input, at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<InputProblem>,
}

/// Meta's error as it came, without secrets.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MetaError {
    #[schema(example = 100)]
    code: i64,
    #[schema(example = 33)]
    subcode: Option<i64>,
    message: String,
    /// What Meta's support asks for.
    fbtrace_id: Option<String>,
}

/// One thing that is wrong with the input.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct InputProblem {
    /// Where: a field or parameter.
    #[schema(example = "limit")]
    pub(crate) at: String,
    /// What is wrong with it.
    #[schema(example = "greater than 100")]
    pub(crate) says: String,
}

/// What is wrong with an input, collected so that all of it is told at once.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<InputProblem>);

impl Problems {
    /// One more.
    pub(crate) fn add(&mut self, at: &str, says: impl Into<String>) {
        self.0.push(InputProblem {
            at: at.to_owned(),
            says: says.into(),
        });
    }

    /// What was read, or none and what was wrong with it.
    pub(crate) fn keep<T>(&mut self, read: Result<T, ApiError>) -> Option<T> {
        read.map_err(|error| self.0.extend(error.error.problems))
            .ok()
    }

    /// All of them.
    pub(crate) fn told(self) -> ApiError {
        ApiError::invalid(self.0)
    }
}

/// Every error answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorAnswer {
    /// What happened, for people.
    #[schema(example = "limit: greater than 100")]
    detail: String,
    error: ErrorBody,
}

/// An error that does not say yet what to do next. It is none before it does, so that nobody forgets to say it.
#[derive(Debug)]
#[must_use]
pub(crate) struct Unadvised {
    status: StatusCode,
    code: &'static str,
    detail: String,
}

impl Unadvised {
    /// The error with the one thing to do next.
    pub(crate) fn next_step(self, step: impl Into<String>) -> ApiError {
        let kind = match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "access",
            status if status.is_client_error() => "request",
            _ => "server",
        };
        ApiError {
            status: self.status,
            detail: self.detail,
            error: Box::new(ErrorBody {
                code: self.code,
                kind,
                retry_after: None,
                next_step: step.into(),
                meta: None,
                problems: Vec::new(),
            }),
        }
    }
}

impl ApiError {
    #[allow(
        clippy::new_ret_no_self,
        reason = "an error is one once it says what to do next"
    )]
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Unadvised {
        Unadvised {
            status,
            code,
            detail: detail.into(),
        }
    }

    /// The same with when to come back.
    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.error.retry_after = Some(wait.as_millis().div_ceil(1000).try_into().unwrap_or(3600));
        self
    }

    /// The same, about something else than its status says: `account` or `meta`.
    pub(crate) fn about(mut self, kind: &'static str) -> Self {
        self.error.kind = kind;
        self
    }

    /// The same with a plainer reason; Meta's own words stay with it.
    pub(crate) fn saying(mut self, code: &'static str, detail: &str, next_step: &str) -> Self {
        detail.clone_into(&mut self.detail);
        next_step.clone_into(&mut self.error.next_step);
        self.error.code = code;
        self
    }

    /// The same about one part of what was asked for.
    pub(crate) fn within(mut self, part: &str) -> Self {
        self.detail = format!("{part}: {}", self.detail);
        self
    }

    /// Everything that is wrong with the input.
    pub(crate) fn invalid(problems: Vec<InputProblem>) -> Self {
        let detail = problems
            .iter()
            .map(|problem| format!("{}: {}", problem.at, problem.says))
            .collect::<Vec<_>>()
            .join("; ");
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_input", detail)
            .next_step("Correct the fields named in problems and send the call again.");
        error.error.problems = problems;
        error
    }

    /// One thing that is wrong with the input.
    pub(crate) fn invalid_at(at: &str, says: impl Into<String>) -> Self {
        Self::invalid(vec![InputProblem {
            at: at.to_owned(),
            says: says.into(),
        }])
    }

    /// The account's credentials are gone.
    pub(crate) fn account_away() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "account_unknown",
            "the account is no longer connected",
        )
        .next_step("Connect the account again: GET /instagram/auth/url.")
        .about("account")
    }

    /// The person has not written lately enough.
    pub(crate) fn window_closed() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "window_closed",
            "more than 24 hours have passed since the person last wrote (seven days where a person of yours writes), \
             and Meta allows no message now",
        )
        .next_step(
            "Wait until the person writes again. Where a person of your own writes this, send it with \
             \"sent_by\": \"person\": Meta then allows seven days.",
        )
        .about("account")
    }

    /// It could not be done for so long that it is no longer tried.
    pub(crate) fn not_in_time() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_in_time",
            "Meta could not be reached in time, so nothing was written",
        )
        .next_step("Send it again.")
        .about("meta")
    }

    /// What is wrong with the one input that was read.
    pub(crate) fn problem(&self) -> &str {
        let first = self.error.problems.first();
        first.map_or(self.detail.as_str(), |problem| &problem.says)
    }

    /// After how long the same call may succeed, as far as it is known.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.error.retry_after.map(Duration::from_secs)
    }

    /// What happened, for people.
    pub(crate) fn says(&self) -> &str {
        &self.detail
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The body, for whoever is told later.
    pub(crate) fn body(&self) -> serde_json::Value {
        serde_json::json!({ "detail": self.detail, "error": self.error })
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
            .next_step("Look up the path at /docs, or in /openapi.json.")
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something went wrong on our side",
        )
        .next_step("Send it again; if it stays so, the server's log says what went wrong.")
    }

    /// The same with Meta's own words, if the failure is Meta's.
    pub(crate) fn caused_by(self, error: &CallError) -> Self {
        match error.graph() {
            Some(graph) => self.with_meta(graph),
            None => self,
        }
    }

    /// The same with what can be chosen from, or what is wrong, item by item.
    pub(crate) fn listing(mut self, problems: Vec<InputProblem>) -> Self {
        self.error.problems = problems;
        self
    }

    /// The same with Meta's own error.
    pub(crate) fn with_meta(mut self, error: &GraphError) -> Self {
        self.error.meta = Some(MetaError {
            code: error.code,
            subcode: error.subcode,
            message: without_secrets(&error.message),
            fbtrace_id: error.fbtrace_id.clone(),
        });
        self
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Busy(_) => {
                tracing::warn!(%error, "the database did not answer a call of the API");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "database_away",
                    "the database does not answer now",
                )
                .next_step("Send it again after Retry-After; if it stays so, look at the server's log and its disk.")
                .retry_after(Duration::from_secs(5))
            }
            error => {
                tracing::error!(%error, "a call of the API failed in the database");
                Self::internal()
            }
        }
    }
}

impl From<CallError> for ApiError {
    /// Longer than 60 lines, since each thing to do next has its sentences here.
    fn from(error: CallError) -> Self {
        let kind = error.graph().map(|graph| graph.kind);
        let translated = match error.reaction() {
            // What passes by itself does so for those who wait, not for those who ask; and what stops the bot from
            // writing, or from writing to one person, is here the permission of one call.
            _ if matches!(
                kind,
                Some(
                    ErrorKind::MediaFetch
                        | ErrorKind::PublishQuota
                        | ErrorKind::Permission
                        | ErrorKind::NeedsAdvancedAccess
                )
            ) =>
            {
                refused(&error)
            }
            Reaction::Throttled { after } => throttled(after.unwrap_or(Duration::from_mins(5))),
            Reaction::RetryLater { after } => {
                Self::new(StatusCode::BAD_GATEWAY, "meta_unavailable", "Meta did not take the call now")
                    .next_step("Send it again after Retry-After.")
                    .retry_after(after.unwrap_or(Duration::from_secs(30)))
                    .about("meta")
            }
            Reaction::Reconcile => Self::new(
                StatusCode::BAD_GATEWAY,
                "outcome_unknown",
                "Meta's answer was lost, so nobody knows whether the call was carried out",
            )
            .next_step("Look whether it was done before you send it again.")
            .about("meta"),
            Reaction::WindowClosed => Self::new(
                StatusCode::CONFLICT,
                "window_closed",
                "more than 24 hours have passed since the person last wrote, and Meta allows no message now",
            )
            .next_step("Wait until the person writes again.")
            .about("account"),
            Reaction::PersonUnreachable => {
                Self::new(StatusCode::CONFLICT, "person_unreachable", "Meta does not reach this person")
                    .next_step("Nothing can be sent to them: they blocked the account, closed theirs, or do not take messages.")
                    .about("account")
            }
            Reaction::NeedsLogin => Self::new(
                StatusCode::FORBIDDEN,
                "needs_login",
                "Meta no longer accepts the account's access token",
            )
            .next_step("Connect the account again: GET /instagram/auth/url.")
            .about("account"),
            Reaction::AccountStopped => Self::new(
                StatusCode::FORBIDDEN,
                "account_stopped",
                "Meta has stopped this account or this app",
            )
            .next_step("Look at the account's status in the Instagram app and at the alerts of your Meta app.")
            .about("account"),
            Reaction::ThreadOwnedByOther => Self::new(
                StatusCode::CONFLICT,
                "thread_owned_by_other",
                "another app holds this conversation",
            )
            .next_step("Answer there, or take the conversation over in the inbox of the account's Page.")
            .about("account"),
            Reaction::Refused => refused(&error),
        };
        if let Some(graph) = error.graph() {
            return translated.with_meta(graph);
        }
        tracing::info!(%error, "a call to Meta failed");
        translated
    }
}

/// Meta's allowance is spent, or nearly.
pub(crate) fn throttled(wait: Duration) -> ApiError {
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "throttled_by_meta",
        "Meta's allowance for this account is used up for now; calls wait until it opens again",
    )
    .next_step("Send it again after Retry-After; what is kept of earlier answers is still answered meanwhile.")
    .retry_after(wait)
    .about("meta")
}

/// What Meta refused, by its reason. Longer than 60 lines, since each reason has its sentences here.
fn refused(error: &CallError) -> ApiError {
    let kind = error.graph().map(|graph| graph.kind);
    let plain = |status, code, detail: &str| ApiError::new(status, code, detail);
    match (kind, error) {
        (Some(ErrorKind::NotFound | ErrorKind::Gone | ErrorKind::NoSuchPerson), _) => plain(
            StatusCode::NOT_FOUND,
            "not_found",
            "Meta knows no such object, or this account may not see it",
        )
        .next_step("Check the id, and that it belongs to this account; what was deleted at Instagram stays away."),
        (Some(ErrorKind::Permission), _) => plain(
            StatusCode::FORBIDDEN,
            "permission_missing",
            "the account's login did not grant the permission that this call needs",
        )
        .next_step("Connect the account again and leave every permission ticked.")
        .about("account"),
        (Some(ErrorKind::NeedsAdvancedAccess), _) => plain(
            StatusCode::FORBIDDEN,
            "permission_missing",
            "the login did not grant the permission that this call needs, or the app has it for its own people only",
        )
        .next_step(
            "Connect the account again and leave every permission ticked; if they all are, request Advanced Access for \
             it in the dashboard of your Meta app.",
        )
        .about("account"),
        (Some(ErrorKind::PublishQuota), _) => plain(
            StatusCode::TOO_MANY_REQUESTS,
            "publishing_quota",
            "the account's publishing allowance for 24 hours is spent",
        )
        .next_step("Wait until the oldest post of these 24 hours no longer counts: GET …/publishing-limit tells.")
        .retry_after(Duration::from_hours(1))
        .about("meta"),
        (Some(ErrorKind::MediaFetch), _) => plain(
            StatusCode::UNPROCESSABLE_ENTITY,
            "media_not_fetched",
            "Meta could not fetch the file from its address",
        )
        .next_step("Give an address that opens without a log-in, at once, and is the file itself.")
        .about("meta"),
        (Some(ErrorKind::HashtagQuota), _) => plain(
            StatusCode::TOO_MANY_REQUESTS,
            "hashtag_quota",
            "the account has looked up its thirty different hashtags of these seven days",
        )
        .next_step("Look up one of the thirty again (GET …/hashtags lists them), or wait until the oldest is a week old.")
        .retry_after(Duration::from_hours(24))
        .about("meta"),
        (_, CallError::NotSent(NotSent::Unsendable(why))) => {
            plain(StatusCode::UNPROCESSABLE_ENTITY, "invalid_input", why)
                .next_step("Correct what is named and send the call again.")
        }
        _ => plain(
            StatusCode::UNPROCESSABLE_ENTITY,
            "refused_by_meta",
            "Meta refused the call as it is",
        )
        .next_step("Read error.meta for Meta's reason and change the call.")
        .about("meta"),
    }
}

/// Meta's messages may quote the token or an address with the token in it.
pub(crate) fn without_secrets(text: &str) -> String {
    let is_token = |word: &str| {
        word.len() >= 20 && (word.starts_with("IG") || word.starts_with("EAA"))
            || word.len() >= 40 && word.bytes().any(|c| c.is_ascii_digit())
    };
    let mut clean = String::with_capacity(text.len());
    let mut word = String::new();
    for letter in text.chars().chain(std::iter::once(' ')) {
        if letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-') {
            word.push(letter);
            continue;
        }
        clean.push_str(if is_token(&word) { "[redacted]" } else { &word });
        word.clear();
        clean.push(letter);
    }
    clean.pop();
    clean
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let wait = self.error.retry_after;
        let answer = ErrorAnswer {
            detail: self.detail,
            error: *self.error,
        };
        let mut response = (self.status, Json(answer)).into_response();
        if let Some(seconds) = wait {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_meta(code: i64, subcode: Option<i64>) -> ApiError {
        CallError::Graph(Box::new(GraphError {
            code,
            subcode,
            kind: graph_api::error::classify(code, subcode),
            message: "Meta's words".to_owned(),
            is_transient: false,
            fbtrace_id: None,
            status: 400,
            retry_after: None,
        }))
        .into()
    }

    #[test]
    fn a_missing_permission_is_neither_a_stopped_account_nor_a_person_out_of_reach() {
        for (code, subcode, status, word) in [
            (10, None, 403, "permission_missing"),
            (200, None, 403, "permission_missing"),
            (200, Some(2_018_028), 403, "permission_missing"),
            (203, None, 403, "permission_missing"),
            (368, None, 403, "account_stopped"),
            (551, None, 409, "person_unreachable"),
        ] {
            let error = of_meta(code, subcode);
            let found = (error.status.as_u16(), error.error.code);
            assert_eq!(found, (status, word), "{code} {subcode:?}");
            let step = &error.error.next_step;
            let connects = step.starts_with("Connect the account again");
            assert_eq!(connects, word == "permission_missing", "{code}: {step}");
        }
    }

    #[test]
    fn tokens_in_metas_words_are_cut_out() {
        let said = without_secrets(
            "(#190) https://graph.instagram.com/me?access_token=IGAAcanary0123456789abc&x=1 is malformed",
        );
        assert!(!said.contains("canary"), "{said}");
        assert!(
            said.ends_with("access_token=[redacted]&x=1 is malformed"),
            "{said}"
        );
        let kept = "(#100) metric[0] must be one of: reach, total_interactions";
        assert_eq!(without_secrets(kept), kept);
    }
}
