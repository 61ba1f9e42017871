//! How far the work is, as a person who waits is told.

use media::{Language, Step};

use crate::texts::{Arg, Text, plain, say};

/// What is being done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Stage {
    /// Nothing is known yet.
    #[default]
    Beginning,
    /// The file is on its way, so many hundredths of it are here.
    Downloading(u8),
    /// So many hundredths have been heard.
    Transcribing(u8),
    /// The words are being found.
    Summarising,
    /// So many hundredths of the video are in their new shape.
    Fitting(u8),
    /// Everything is there.
    Sending,
    /// Somebody else asked for the same, and gets it first.
    Together,
}

impl Stage {
    /// What follows when a step reports how far it is. The video is fitted beside the listening: while somebody listens,
    /// that is what is told.
    pub(crate) fn after(self, step: Step, share: f32) -> Self {
        // Within 0..=1 by the promise of `Progress`.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let hundredths = (share * 100.0) as u8;
        match (self, step) {
            (_, Step::Download) => Self::Downloading(hundredths),
            (_, Step::Transcribe) => Self::Transcribing(hundredths),
            (Self::Transcribing(_) | Self::Summarising, Step::Fit) => self,
            (_, Step::Fit) => Self::Fitting(hundredths),
        }
    }

    /// The sentence.
    pub(crate) fn words(self, language: Language) -> String {
        let share = |text, hundredths: u8| {
            say(
                language,
                text,
                &[("percent", Arg::Number(hundredths.into()))],
            )
        };
        match self {
            Self::Beginning | Self::Downloading(0) => plain(language, Text::StepDownloading),
            Self::Downloading(n) => share(Text::StepDownloadingPart, n),
            Self::Transcribing(0) => plain(language, Text::StepTranscribing),
            Self::Transcribing(n) => share(Text::StepTranscribingPart, n),
            Self::Summarising => plain(language, Text::StepSummarising),
            Self::Fitting(0) => plain(language, Text::StepFitting),
            Self::Fitting(n) => share(Text::StepFittingPart, n),
            Self::Sending => plain(language, Text::StepSending),
            Self::Together => plain(language, Text::StepShared),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_is_told_rather_than_fitting() {
        let stage = Stage::default().after(Step::Download, 0.5);
        assert_eq!(stage, Stage::Downloading(50));
        let stage = stage.after(Step::Fit, 0.1);
        assert_eq!(stage, Stage::Fitting(10));
        let stage = stage.after(Step::Transcribe, 0.42);
        assert_eq!(stage, Stage::Transcribing(42));
        assert_eq!(stage.after(Step::Fit, 0.9), stage);
    }
}
