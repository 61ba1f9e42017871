//! What people find in the chat before they write: first questions and a menu.

use graph_api::budget::Bucket;
use graph_api::client::{Entry, Offer};
use media::Language;
use store::Conversation;

use super::{Instagram, NAME};
use crate::channel::ChannelError;
use crate::command::{Command, Tap};
use crate::texts::{Text, plain};

impl Instagram {
    /// Puts the first questions and the menu into the account's chat, in every language, once Meta takes calls. Safe to
    /// repeat.
    pub async fn introduce(&self, account: &str) -> Result<(), ChannelError> {
        let to = Conversation::new(NAME, account, "");
        let credentials = self.credentials(&to)?;
        // The default is the language of most people here who speak none of the others.
        let mut offers: Vec<Offer> = Language::ALL
            .into_iter()
            .map(|language| offer(locale(language), language))
            .collect();
        offers.insert(0, offer("default", Language::En));
        while let Err(wait) = self.take(account, Bucket::Other) {
            self.clock.sleep(wait).await;
        }
        match self
            .graph
            .set_messenger_profile(&credentials, &offers)
            .await
        {
            Ok(()) => Ok(()),
            Err(error) => Err(self.error(&credentials.account, Bucket::Other, &error, true)),
        }
    }
}

/// Meta's name of a language.
fn locale(language: Language) -> &'static str {
    match language {
        Language::PtBr => "pt_BR",
        Language::En => "en_US",
        Language::Es => "es_LA",
    }
}

fn offer(locale: &str, language: Language) -> Offer {
    let entry = |(title, command): (Text, Command)| Entry {
        title: plain(language, title),
        payload: Tap::Command(command).data(),
    };
    let find = Command::Find(String::new());
    Offer {
        locale: locale.to_owned(),
        ice_breakers: [
            (Text::FirstHow, Command::Help),
            (Text::FirstHistory, Command::History),
            (Text::FirstFind, find.clone()),
            (Text::FirstQuota, Command::Quota),
        ]
        .map(entry)
        .to_vec(),
        menu: [
            (Text::ChoiceHelp, Command::Help),
            (Text::ChoiceHistory, Command::History),
            (Text::ChoiceFind, find),
            (Text::ChoiceQuota, Command::Quota),
            (Text::ChoiceLanguage, Command::Language(None)),
        ]
        .map(entry)
        .to_vec(),
    }
}
