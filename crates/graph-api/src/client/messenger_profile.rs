//! `POST /{page or account}/messenger_profile`: what people find in the chat before they write.
//! <https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/ice-breakers>
//! and <https://developers.facebook.com/docs/messenger-platform/send-messages/persistent-menu> (read 2026-11-22)

use serde_json::{Value, json};

use super::call::unsendable;
use super::{Credentials, Graph, USUAL_ANSWER_BYTES};
use crate::error::CallError;
use crate::limits::{ICE_BREAKER_QUESTION, ICE_BREAKERS};
use crate::request::Request;

/// Something to tap: what it says, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it says.
    pub title: String,
    /// What comes back as a postback's payload.
    pub payload: String,
}

/// What is offered to people of one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// `default`, or Meta's name of a language such as `pt_BR`.
    pub locale: String,
    /// Questions to begin with, at most [`ICE_BREAKERS`].
    pub ice_breakers: Vec<Entry>,
    /// The menu that is always there.
    pub menu: Vec<Entry>,
}

impl Graph {
    /// Sets questions and menu in every language at once; one of the offers is the default. Replaces what was there;
    /// safe to repeat.
    pub async fn set_messenger_profile(
        &self,
        credentials: &Credentials,
        offers: &[Offer],
    ) -> Result<(), CallError> {
        let body = body(offers)?;
        let request = Request {
            // It may be repeated, so its connection may be an old one.
            visible: false,
            ..Request::post(
                "messenger_profile",
                &[credentials.node(), "messenger_profile"],
            )
        };
        self.carry(credentials, request.json(body), USUAL_ANSWER_BYTES)
            .await
            .map(drop)
    }
}

fn body(offers: &[Offer]) -> Result<Value, CallError> {
    if !offers.iter().any(|offer| offer.locale == "default") {
        return Err(unsendable("one offer must be the default"));
    }
    let questions = |offer: &Offer| {
        let too_long = offer
            .ice_breakers
            .iter()
            .any(|entry| entry.title.chars().count() > ICE_BREAKER_QUESTION);
        if offer.ice_breakers.len() > ICE_BREAKERS || too_long {
            return Err(unsendable(
                "at most four questions of at most eighty letters",
            ));
        }
        let actions: Vec<Value> = offer
            .ice_breakers
            .iter()
            .map(|entry| json!({ "question": entry.title, "payload": entry.payload }))
            .collect();
        Ok(json!({ "locale": offer.locale, "call_to_actions": actions }))
    };
    let menu = |offer: &Offer| {
        let actions: Vec<Value> = offer
            .menu
            .iter()
            .map(|entry| json!({ "type": "postback", "title": entry.title, "payload": entry.payload }))
            .collect();
        json!({ "locale": offer.locale, "call_to_actions": actions })
    };
    let ice_breakers = offers
        .iter()
        .map(questions)
        .collect::<Result<Vec<_>, _>>()?;
    let menu: Vec<Value> = offers.iter().map(menu).collect();
    Ok(json!({ "platform": "instagram", "ice_breakers": ice_breakers, "persistent_menu": menu }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(locale: &str, questions: usize) -> Offer {
        let entry = |n: usize| Entry {
            title: format!("q{n}"),
            payload: format!("p{n}"),
        };
        Offer {
            locale: locale.to_owned(),
            ice_breakers: (0..questions).map(entry).collect(),
            menu: vec![entry(9)],
        }
    }

    #[test]
    fn what_meta_would_refuse_is_not_sent() {
        assert!(body(&[offer("pt_BR", 1)]).is_err());
        assert!(body(&[offer("default", 5)]).is_err());
        let good = body(&[offer("default", 4), offer("pt_BR", 4)]).unwrap();
        assert_eq!(
            good["persistent_menu"][1]["call_to_actions"][0]["payload"],
            "p9"
        );
    }
}
