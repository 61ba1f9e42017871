//! Placeholder until the commands land.
use media::Language;
use uuid::Uuid;
/// What a button stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Tap { Transcript(Uuid), Audio(Uuid), InLanguage(Uuid, Language), TryAgain(Uuid) }
impl Tap {
    /// What a button carries.
    pub fn data(&self) -> String { format!("{self:?}").chars().take(60).collect() }
}
