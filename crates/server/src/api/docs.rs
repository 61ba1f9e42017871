//! The contract (`/openapi.json`) and a page to read and try it (`/docs`), both without the internet.

use std::collections::BTreeMap;

use axum::{
    Router,
    http::{HeaderValue, header},
    response::Response,
};
use utoipa::{
    IntoResponses, OpenApi, ToSchema as _,
    openapi::{
        ContentBuilder, Ref, RefOr, ResponseBuilder,
        security::{
            ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
        },
    },
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::ErrorAnswer;

/// The page loads its own files only, and styles itself inline.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'",
);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Gramophone",
        description = "Instagram Business accounts over one API: login, media, insights, comments, messages, \
                       publishing and events, within Meta's limits and in far fewer calls.\n\n\
                       Answers to reads are kept, and say so: `X-Gramophone-Cache` is `hit` (kept and fresh), `miss` \
                       (Meta was asked), `revalidated` (kept, and asked for anew), `revalidating` (old, given at once, \
                       and being renewed behind this answer) or `stale` (old, and Meta cannot be asked now). `Age` is \
                       how old the answer is in seconds, `X-Gramophone-Calls` what it cost at Meta. \
                       `Cache-Control: no-cache` asks anew; `ETag` and `If-None-Match` save the body."
    ),
    components(schemas(ErrorAnswer))
)]
struct Contract;

/// The empty contract with what holds for all of it.
pub(super) fn described<S: Clone + Send + Sync + 'static>() -> OpenApiRouter<S> {
    let mut contract = Contract::openapi();
    let components = contract.components.get_or_insert_default();
    components.add_security_scheme(
        "key",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-api-key"))),
    );
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    let no_scopes = std::iter::empty::<String>;
    contract.security = Some(vec![
        SecurityRequirement::new("key", no_scopes()),
        SecurityRequirement::new("bearer", no_scopes()),
    ]);
    OpenApiRouter::with_openapi(contract)
}

/// Names every operation after its method and path: handlers have short names, which repeat from area to area, and
/// generated clients need one for each.
pub(super) fn named(contract: &mut utoipa::openapi::OpenApi) {
    for (path, item) in &mut contract.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
            ("patch", &mut item.patch),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(operation_name(method, path));
            }
        }
    }
}

/// `get` and `/v1/accounts/{account}/media` make `getAccountsByAccountMedia`.
fn operation_name(method: &str, path: &str) -> String {
    let mut name = method.to_owned();
    for segment in path
        .split('/')
        .filter(|segment| !matches!(*segment, "" | "v1"))
    {
        if segment.starts_with('{') {
            name.push_str("By");
        }
        for word in segment.split(|c: char| !c.is_ascii_alphanumeric()) {
            let mut letters = word.chars();
            name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            name.extend(letters);
        }
    }
    name
}

/// The contract as JSON, and the page.
pub(super) fn pages(contract: utoipa::openapi::OpenApi) -> Router {
    let ui = SwaggerUi::new("/docs")
        .url("/openapi.json", contract)
        .config(Config::default().try_it_out_enabled(true));
    Router::from(ui).layer(axum::middleware::map_response(
        |mut response: Response| async move {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
            response
        },
    ))
}

/// The error answers that any call may give, for the contract.
pub(crate) struct Failures;

impl IntoResponses for Failures {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        [
            ("400", "The request cannot be read."),
            ("401", "No key, or none that is known."),
            ("403", "The key or the account may not do this."),
            ("404", "There is no such thing, or not for this key."),
            ("408", "The body took too long to arrive."),
            ("409", "It cannot be done in this state."),
            ("413", "The body is too large."),
            ("415", "The body is no JSON."),
            ("422", "The input is wrong; every problem is named."),
            ("429", "Too many calls, here or at Meta; see Retry-After."),
            ("500", "A fault of ours."),
            ("502", "Meta did not answer as it should."),
            ("503", "A part of this server is away; see Retry-After."),
        ]
        .into_iter()
        .map(|(status, means)| {
            let schema = Ref::from_schema_name(ErrorAnswer::name());
            let content = ContentBuilder::new().schema(Some(schema)).build();
            let response = ResponseBuilder::new()
                .description(means)
                .content("application/json", content)
                .build();
            (status.to_owned(), response.into())
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_named_after_what_they_do() {
        let name = operation_name("delete", "/v1/accounts/{account}/media/{media}");
        assert_eq!(name, "deleteAccountsByAccountMediaByMedia");
        let name = operation_name("put", "/v1/accounts/{account}/publishing-limit");
        assert_eq!(name, "putAccountsByAccountPublishingLimit");
        assert_ne!(
            operation_name("get", "/instagram/user/media"),
            operation_name("get", "/v1/user/media")
        );
    }
}
