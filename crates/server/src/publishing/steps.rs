//! From nothing to a container that can be published. Nobody sees any of it, so all of it may be repeated.

use axum::http::StatusCode;
use graph_api::{
    endpoint::publish::{
        ContainerStatus, MakeContainer, PublishingLimit, Status, StatusCode as Word,
    },
    error::{CallError, Reaction},
    id::ContainerId,
    limits::CONTAINER_LIFE_MS,
};
use store::{PublicationChange, PublicationState as State, StoreError};

use super::{
    spec::Reach,
    worker::{Failed, Hand, Next, Publisher},
};
use crate::error::{ApiError, without_secrets};

/// Pauses between looks at a container. Meta's advice is once a minute; pictures are ready within seconds.
const LOOK_AFTER_MS: [i64; 6] = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000];
/// After so many looks Meta will not get done with it any more: about an hour.
const LOOKS: u32 = 65;
/// Times that all of it is begun anew, for containers that expired or failed for a reason that may pass.
pub(super) const ROUNDS: u32 = 2;
/// A container this old is not trusted to live until it is published.
const OLD_MS: i64 = CONTAINER_LIFE_MS - 3_600_000;
/// How often the allowance is looked at while it is used up, and for how long.
const QUOTA_LOOK_MS: i64 = 15 * 60_000;
const QUOTA_PATIENCE_MS: i64 = 24 * 3_600_000;
/// Subcodes of a failed container that may pass: the download took too long, a fault of Meta's.
const PASSING: [i64; 4] = [2_207_001, 2_207_003, 2_207_032, 2_207_053];

impl Publisher {
    /// Reads the allowance and makes the containers that are missing.
    pub(super) async fn prepare(&self, hand: &mut Hand) -> Result<Next, StoreError> {
        if let Some(next) = self.quota(hand).await? {
            return Ok(next);
        }
        if !hand.spec.is_carousel() {
            return match self.filled(hand, 0).await? {
                Ok(container) => self.hold(hand, &container).await,
                Err(failed) => self.stumble_making(hand, failed).await,
            };
        }
        let count = hand.spec.items.len();
        hand.progress.items.resize(count, String::new());
        hand.progress.ready.resize(count, false);
        if let Some(at) = hand.progress.items.iter().position(String::is_empty) {
            return self.item(hand, at).await;
        }
        if let Some(at) = hand.progress.ready.iter().position(|ready| !ready) {
            return self.await_item(hand, at).await;
        }
        let items = hand.progress.items.iter().map(|id| id.as_str().into());
        let work = hand.spec.whole(items.collect());
        match self.ask(hand, &MakeContainer { work }).await {
            Ok(made) => self.hold(hand, &made).await,
            Err(failed) => self.stumble_over(hand, failed).await,
        }
    }

    /// What is used of the allowance, and whether there is room; told with the publication.
    async fn quota(&self, hand: &mut Hand) -> Result<Option<Next>, StoreError> {
        if hand.progress.quota.is_some() && hand.progress.waits_for.as_deref() != Some("quota") {
            return Ok(None);
        }
        let allowance = match self.ask(hand, &PublishingLimit).await {
            Ok(allowance) => allowance,
            // An edge that this login lacks must not keep anybody from publishing: Meta bounds it all the same.
            Err(Failed::Call(error)) if is_refusal(&error) => {
                hand.progress.quota = Some((0, None));
                return Ok(None);
            }
            Err(failed) => return self.stumble(hand, failed).await.map(Some),
        };
        hand.progress.quota = Some((allowance.used, allowance.total));
        hand.progress.waits_for = None;
        if allowance.has_room() {
            return Ok(None);
        }
        let now_ms = self.clock.now_ms();
        let publication = &hand.publication;
        let since_ms = publication
            .publish_at_ms
            .unwrap_or(publication.created_at_ms);
        if now_ms > since_ms.saturating_add(QUOTA_PATIENCE_MS) {
            return self.fail(hand, &quota_spent()).await.map(Some);
        }
        Ok(Some(Next::At(now_ms + QUOTA_LOOK_MS, "quota")))
    }

    async fn item(&self, hand: &mut Hand, at: usize) -> Result<Next, StoreError> {
        hand.item = Some(at);
        let container = match self.filled(hand, at).await? {
            Ok(container) => container,
            Err(failed) => return self.stumble_making(hand, failed).await,
        };
        if hand.progress.made_at_ms == 0 {
            hand.progress.made_at_ms = self.clock.now_ms();
        }
        hand.progress.items[at] = container.into_string();
        hand.progress.steady();
        self.note(hand, PublicationChange::default()).await
    }

    /// A container with its file in it, or on the way to it. One whose bytes did not arrive is left to expire, and the
    /// next try makes another: how much arrived is Meta's to know, and after a crash not even whether anything was sent
    /// is known here.
    async fn filled(
        &self,
        hand: &Hand,
        at: usize,
    ) -> Result<Result<ContainerId, Failed>, StoreError> {
        let (container, reach) = match self.make(hand, at).await? {
            Ok(made) => made,
            Err(failed) => return Ok(Err(failed)),
        };
        if reach == Reach::Bytes
            && let Err(failed) = self.send_bytes(hand, at, &container).await
        {
            return Ok(Err(failed));
        }
        Ok(Ok(container))
    }

    /// Makes the container of one file.
    async fn make(
        &self,
        hand: &Hand,
        at: usize,
    ) -> Result<Result<(ContainerId, Reach), Failed>, StoreError> {
        let account = &hand.publication.account;
        let item = hand.spec.items.get(at);
        let upload = match item.and_then(|item| item.upload) {
            Some(id) => self.store.upload(account, id).await?,
            None => None,
        };
        let now_ms = self.clock.now_ms();
        let reach = item.and_then(|item| self.shelf.reach(item, upload.as_ref(), now_ms));
        let work = reach
            .as_ref()
            .and_then(|reach| hand.spec.work_of(at, reach));
        let (Some(reach), Some(work)) = (reach, work) else {
            return Ok(Err(out_of_reach()));
        };
        let made = self.ask(hand, &MakeContainer { work }).await;
        Ok(made.map(|made| (made, reach)))
    }

    async fn send_bytes(&self, hand: &Hand, at: usize, to: &ContainerId) -> Result<(), Failed> {
        let item = hand.spec.items.get(at);
        let account = &hand.publication.account;
        let upload = match item.and_then(|item| item.upload) {
            Some(id) => self.store.upload(account, id).await.ok().flatten(),
            None => None,
        };
        let upload = upload.ok_or_else(out_of_reach)?;
        self.permit(hand)?;
        let path = self.shelf.path(&upload);
        let sent = self.graph.upload_video(&hand.credentials, to, &path).await;
        sent.map_err(|error| {
            self.learn(hand, &error);
            Failed::Call(error)
        })
    }

    /// The container that will be published.
    async fn hold(&self, hand: &mut Hand, container: &ContainerId) -> Result<Next, StoreError> {
        hand.progress.steady();
        hand.progress.looks = 0;
        hand.progress.waits_for = None;
        if hand.progress.made_at_ms == 0 {
            hand.progress.made_at_ms = self.clock.now_ms();
        }
        let change = PublicationChange {
            state: Some(State::Processing),
            container_id: Some(Some(container.to_string())),
            ..PublicationChange::default()
        };
        self.note(hand, change).await
    }

    async fn await_item(&self, hand: &mut Hand, at: usize) -> Result<Next, StoreError> {
        hand.item = Some(at);
        let container = ContainerId::from(hand.progress.items[at].as_str());
        let status = match self.ask(hand, &ContainerStatus { container }).await {
            Ok(status) => status,
            Err(failed) => return self.stumble_over(hand, failed).await,
        };
        hand.progress.missing = 0;
        match status.code {
            Word::Finished | Word::Published => {
                hand.progress.ready[at] = true;
                hand.progress.looks = 0;
                self.note(hand, PublicationChange::default()).await
            }
            Word::InProgress | Word::Other => self.look_later(hand).await,
            Word::Error | Word::Expired => self.spoilt(hand, &status).await,
        }
    }

    async fn look_later(&self, hand: &mut Hand) -> Result<Next, StoreError> {
        let looks = usize::try_from(hand.progress.looks).unwrap_or(usize::MAX);
        hand.progress.looks += 1;
        hand.progress.steady();
        if hand.progress.looks > LOOKS {
            return self.fail(hand, &too_slow()).await;
        }
        let last = LOOK_AFTER_MS[LOOK_AFTER_MS.len() - 1];
        let wait = LOOK_AFTER_MS.get(looks).copied().unwrap_or(last);
        Ok(Next::At(self.clock.now_ms() + wait, "processing"))
    }

    /// A container that cannot be published: begun anew where that may help.
    async fn spoilt(&self, hand: &mut Hand, status: &Status) -> Result<Next, StoreError> {
        let may_pass = status.code == Word::Expired
            || status.subcode().is_some_and(|code| PASSING.contains(&code));
        if !may_pass || hand.progress.rounds >= ROUNDS {
            return self.fail(hand, &not_usable(status)).await;
        }
        self.anew(hand).await
    }

    /// Begins anew with other containers.
    pub(super) async fn anew(&self, hand: &mut Hand) -> Result<Next, StoreError> {
        hand.progress.anew();
        let change = PublicationChange {
            state: Some(State::Preparing),
            container_id: Some(None),
            ..PublicationChange::default()
        };
        self.note(hand, change).await
    }

    /// Waits for Meta, then for the time, and publishes.
    pub(super) async fn process(&self, hand: &mut Hand) -> Result<Next, StoreError> {
        let now_ms = self.clock.now_ms();
        let is_old = now_ms > hand.progress.made_at_ms.saturating_add(OLD_MS);
        let container = match &hand.publication.container_id {
            Some(container) if !is_old => ContainerId::from(container.as_str()),
            _ if hand.progress.rounds >= ROUNDS => {
                return self.fail(hand, &ApiError::not_in_time()).await;
            }
            _ => return self.anew(hand).await,
        };
        let call = ContainerStatus {
            container: container.clone(),
        };
        let status = match self.ask(hand, &call).await {
            Ok(status) => status,
            Err(failed) => return self.stumble_over(hand, failed).await,
        };
        hand.progress.missing = 0;
        match status.code {
            Word::InProgress | Word::Other => self.look_later(hand).await,
            Word::Error | Word::Expired => self.spoilt(hand, &status).await,
            // A call that was taken for a failure has published it after all.
            Word::Published if hand.publication.attempt > 0 => self.look_for_it(hand).await,
            Word::Finished | Word::Published => match hand.publication.publish_at_ms {
                Some(at_ms) if at_ms > now_ms => Ok(Next::At(at_ms, "its_time")),
                _ => self.publish(hand, &container).await,
            },
        }
    }
}

fn is_refusal(error: &CallError) -> bool {
    let reaction = error.reaction_if_repeatable();
    matches!(reaction, Reaction::Refused | Reaction::AccountStopped)
}

fn out_of_reach() -> Failed {
    Failed::Call(CallError::File("Meta cannot get at it".to_owned()))
}

fn quota_spent() -> ApiError {
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "publishing_quota",
        "the account's publishing allowance was used up for a whole day",
    )
    .next_step("Publish less, or at another time.")
    .about("meta")
}

fn too_slow() -> ApiError {
    ApiError::new(
        StatusCode::BAD_GATEWAY,
        "processing_too_slow",
        "Meta was not done with the file after an hour",
    )
    .next_step("Publish it again, or another file.")
    .about("meta")
}

fn not_usable(status: &Status) -> ApiError {
    let says = status.says.as_deref().unwrap_or("no reason was given");
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "refused_by_meta",
        format!("Meta cannot use the file: {}", without_secrets(says)),
    )
    .next_step("Change the file as Meta's reason says and publish it anew.")
    .about("meta")
}
