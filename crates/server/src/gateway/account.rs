//! An account's profile.

use graph_api::{
    endpoint::account::{AccountProfile, GetProfile},
    error::ErrorKind,
    insights::Surface,
};

use super::{entry::Got, errand::Errand, flow::Ask, media::to_value, wanted::Wanted};
use crate::api::ApiError;

/// The two fields that Meta does not document for Instagram Login stand and fall together.
const MORE: &str = "biography";

/// Who the account is.
pub(crate) async fn profile(ask: Ask<'_>) -> Result<Got<AccountProfile>, ApiError> {
    let errand = Errand::new(ask.gate, ask.account, ask.urgency);
    let gateway = &ask.gate.gateway;
    let work = async {
        let family = errand.family();
        let now_ms = ask.gate.clock.now_ms();
        let (more, _) = gateway.split(family, Surface::Profile, &[MORE], now_ms);
        let more = !more.is_empty();
        let profile = match errand.ask(&GetProfile { more }).await {
            Err(trouble) if more && trouble.is_refusal() => {
                let profile = errand.ask(&GetProfile { more: false }).await?;
                if trouble.kind() == Some(ErrorKind::BadRequest) {
                    gateway
                        .learn_refusal(ask.gate, ask.account, Surface::Profile, MORE)
                        .await;
                }
                profile
            }
            other => other?,
        };
        to_value(&profile)
    };
    gateway
        .get(ask, &Wanted::Profile, &errand, work)
        .await?
        .read()
}
