//! Meta's errors: code, subcode and HTTP status as its pages and captures show them.
//! Almost everything is 400; tokens answer 401, permissions 403, faults of its own 500.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use super::Host;
use crate::calls::Unmodelled;

#[derive(Debug, Clone)]
pub(crate) struct GraphError {
    status: StatusCode,
    kind: &'static str,
    code: i64,
    subcode: Option<i64>,
    message: String,
    transient: bool,
    /// Title and text for the person in front of the app, where Meta gives them.
    told: Option<(&'static str, String)>,
    unmodelled: bool,
}

impl GraphError {
    pub(crate) fn new(code: i64, subcode: Option<i64>, message: impl Into<String>) -> Self {
        let status = match code {
            190 => StatusCode::UNAUTHORIZED,
            10 if subcode.is_none() => StatusCode::FORBIDDEN,
            200 => StatusCode::FORBIDDEN,
            1 | 2 if subcode.is_none() => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            status,
            kind: "OAuthException",
            code,
            subcode,
            message: message.into(),
            transient: match subcode {
                Some(subcode) if (2_207_000..2_208_000).contains(&subcode) => false,
                _ => matches!(code, 1 | 2 | 4 | 613),
            },
            told: None,
            unmodelled: false,
        }
    }

    /// With what Meta would have the app show to a person.
    pub(crate) fn telling(mut self, title: &'static str, text: impl Into<String>) -> Self {
        self.told = Some((title, text.into()));
        self
    }

    /// The caller may try the same again.
    pub(crate) fn passing(mut self) -> Self {
        self.transient = true;
        self
    }

    /// graph.instagram.com has its own word for errors that are not about tokens.
    pub(crate) fn at(self, host: Host) -> Self {
        match self.code {
            190 => self,
            _ => self.worded_for(host),
        }
    }

    /// A wrong argument.
    pub(crate) fn argument(message: impl std::fmt::Display) -> Self {
        Self::new(100, None, format!("(#100) {message}"))
    }

    /// A message that cannot be sent as it is.
    pub(crate) fn bad_message(message: impl std::fmt::Display) -> Self {
        Self::new(100, Some(2_534_015), format!("(#100) {message}"))
    }

    /// The token names no session. graph.instagram.com says it with its own type.
    pub(crate) fn no_token(host: Host) -> Self {
        Self::new(
            190,
            None,
            "Invalid OAuth access token - Cannot parse access token",
        )
        .worded_for(host)
    }

    pub(crate) fn dead_token(subcode: u32) -> Self {
        let why = match subcode {
            458 => "The user has not authorized application",
            459 => "The session is blocked by a checkpoint",
            460 => "The session was made invalid because the password or the permissions changed",
            463 => "The session has expired",
            492 => "The user no longer has a role on the Page",
            _ => "The session is invalid",
        };
        Self::new(
            190,
            Some(subcode.into()),
            format!("Error validating access token: {why}."),
        )
    }

    pub(crate) fn permission(scope: &str) -> Self {
        Self::new(
            10,
            None,
            format!(
                "(#10) Application does not have permission for this action: {scope} is missing"
            ),
        )
    }

    pub(crate) fn no_object(id: &str) -> Self {
        Self::new(
            100,
            Some(33),
            format!(
                "Unsupported request. Object with ID '{id}' does not exist, or its permission is missing"
            ),
        )
    }

    /// graph.instagram.com and graph.facebook.com word an unknown path differently.
    pub(crate) fn no_path(host: Host, path: &str) -> Self {
        let message = format!("Unknown path components: {path}");
        let mut error = Self::new(2500, None, message).worded_for(host);
        error.unmodelled = true;
        error
    }

    pub(crate) fn outside_window() -> Self {
        Self::new(
            10,
            Some(2_534_022),
            "(#10) This message is sent outside of allowed window.",
        )
    }

    pub(crate) fn no_person() -> Self {
        Self::new(100, Some(2_018_001), "(#100) No matching user found")
    }

    pub(crate) fn message_gone() -> Self {
        Self::new(
            9_000_001,
            None,
            "The message is deleted or older than the 20 newest ones.",
        )
    }

    /// 400 whatever the code, and no second try helps: as calls around the log-in say it, and some others.
    pub(crate) fn final_400(mut self) -> Self {
        self.status = StatusCode::BAD_REQUEST;
        self.transient = false;
        self
    }

    /// graph.instagram.com has a type of its own for errors about tokens and paths.
    pub(crate) fn worded_for(mut self, host: Host) -> Self {
        if host == Host::Instagram {
            self.kind = "IGApiException";
        }
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn body(&self) -> Value {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "code": self.code,
            "fbtrace_id": super::trace_id(),
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if self.transient {
            error["is_transient"] = true.into();
        }
        if let Some((title, text)) = &self.told {
            error["is_transient"] = self.transient.into();
            error["error_user_title"] = (*title).into();
            error["error_user_msg"] = text.clone().into();
        }
        json!({ "error": error })
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body().to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=UTF-8"),
        );
        if self.code == 190 {
            let text = format!(
                "OAuth \"Facebook Platform\" \"invalid_token\" \"{}\"",
                self.message
            );
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(WWW_AUTHENTICATE, value);
            }
        }
        if self.unmodelled {
            response.extensions_mut().insert(Unmodelled);
        }
        response
    }
}
