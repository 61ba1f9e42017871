//! An account whose key no longer opens: parked, and taken up again when it does.

use store::{AccountState, Conversation, StoreError};

use super::{Route, Sender};
use crate::channel::{ChannelError, Reaction};

impl Sender {
    /// A parked account works again when somebody says so, or when its key has changed.
    pub(crate) async fn account_works(&self, route: &Route) -> Result<bool, StoreError> {
        let Conversation {
            channel, account, ..
        } = &route.conversation;
        match self.store.account_state(channel, account).await? {
            AccountState::Active => Ok(true),
            AccountState::Stopped { .. } => Ok(false),
            AccountState::NeedsLogin { reason } => {
                let changed = route
                    .channel
                    .key_print(account)
                    .is_some_and(|print| !reason.ends_with(&key_note(&print)));
                if changed {
                    self.store
                        .set_account_state(channel, account, AccountState::Active)
                        .await?;
                }
                Ok(changed)
            }
        }
    }

    pub(crate) async fn park(&self, route: &Route, error: &ChannelError) -> Result<(), StoreError> {
        let Conversation {
            channel, account, ..
        } = &route.conversation;
        let print = route.channel.key_print(account).unwrap_or_default();
        let state = if error.reaction == Reaction::NeedsLogin {
            AccountState::NeedsLogin {
                reason: format!("{}{}", error.code, key_note(&print)),
            }
        } else {
            AccountState::Stopped {
                reason: error.code.clone(),
            }
        };
        metrics::counter!("gramophone_account_parked_total", "code" => error.code.clone())
            .increment(1);
        self.store.set_account_state(channel, account, state).await
    }
}

fn key_note(print: &str) -> String {
    format!(" key {print}")
}
