//! From caption and transcript to a few points. Never fails: a language model writes them where one is set and behaves;
//! else the video's own key sentences are chosen; and where there are hardly any words, they are shown as they are.
//! Whatever the road, nothing that looks like a link or a number to call comes out of here.

mod clean;
mod extract;
mod model;
mod words;

use crate::settings::LanguageSettings;
use crate::{Language, Settings, Summary, SummaryKind, SummaryRequest, Verdict};

/// With fewer words than this in transcript and caption together there is nothing to shorten.
const SHORT: usize = 25;
/// Longest text that is looked at, in characters: half an hour of fast speech is a third of it.
const LONGEST: usize = 100_000;

/// Makes the summary.
pub async fn summarise(settings: &Settings, request: &SummaryRequest) -> Summary {
    let material = Material::of(request);
    if material.words() == 0 {
        return material.summary(None, Vec::new(), SummaryKind::Nothing, "none");
    }
    if material.words() < SHORT {
        let kind = material.kind(SummaryKind::AsIs);
        let texts = [&material.transcript, &material.caption];
        // What is said is what was asked for; the caption speaks where nobody does.
        let text = texts.into_iter().find(|text| !text.is_empty());
        let points = text.map(|text| clean::cut(&clean::clean(text), clean::AS_IS));
        return material.finished(None, points.into_iter().collect(), kind, "none");
    }
    if let Some(url) = &settings.language.url {
        match model::write(&settings.language, url, &material).await {
            Ok(written) => {
                let kind = material.kind(SummaryKind::Model);
                let engine = engine(&settings.language);
                return material.finished(written.title, written.points, kind, &engine);
            }
            Err(why) => tracing::warn!(%why, "the language model's summary is not used"),
        }
    }
    let (text, caption) = if material.transcript.is_empty() {
        (&material.caption, "")
    } else {
        (&material.transcript, material.caption.as_str())
    };
    let excerpts = extract::excerpts(text, &request.heard.segments, caption, material.language);
    let points = excerpts
        .iter()
        .map(|excerpt| clean::cut(&clean::clean(excerpt), clean::EXCERPT))
        .collect();
    material.finished(
        None,
        points,
        material.kind(SummaryKind::Excerpts),
        "excerpts",
    )
}

fn engine(settings: &LanguageSettings) -> String {
    settings
        .model
        .clone()
        .unwrap_or_else(|| model::DEFAULT_MODEL.to_owned())
}

/// What there is to work with.
#[derive(Debug)]
struct Material {
    transcript: String,
    caption: String,
    /// Ends of the transcript's segments, as byte positions: where it may be cut.
    borders: Vec<usize>,
    /// Language of the words, where it can be told.
    language: Option<Language>,
    /// Language of the person.
    answer: Language,
    low_confidence: bool,
}

impl Material {
    fn of(request: &SummaryRequest) -> Self {
        let spoken = request.heard.verdict == Verdict::Speech;
        let transcript = if spoken {
            shortened(&request.heard.text)
        } else {
            String::new()
        };
        let caption = shortened(request.caption.as_deref().unwrap_or_default());
        let told = request
            .heard
            .language
            .as_deref()
            .filter(|_| spoken)
            .and_then(Language::from_tag);
        let language = words::language(&format!("{transcript} {caption}")).or(told);
        let mut borders = Vec::new();
        let mut from = 0;
        for segment in &request.heard.segments {
            let text = segment.text.trim();
            if let Some(at) = transcript.get(from..).and_then(|rest| rest.find(text)) {
                from += at + text.len();
                borders.push(from);
            }
        }
        Self {
            transcript,
            caption,
            borders,
            language,
            answer: request.language,
            low_confidence: spoken && request.heard.low_confidence,
        }
    }

    fn words(&self) -> usize {
        words::count(&self.transcript) + words::count(&self.caption)
    }

    /// `kind`, unless all words are the caption's.
    fn kind(&self, kind: SummaryKind) -> SummaryKind {
        if self.transcript.is_empty() {
            SummaryKind::CaptionOnly
        } else {
            kind
        }
    }

    fn summary(
        &self,
        title: Option<String>,
        points: Vec<String>,
        kind: SummaryKind,
        engine: &str,
    ) -> Summary {
        let (low_confidence, engine) = (self.low_confidence, engine.to_owned());
        Summary {
            title,
            points,
            kind,
            low_confidence,
            engine,
        }
    }

    /// The same, but honest where cleaning left nothing.
    fn finished(
        &self,
        title: Option<String>,
        mut points: Vec<String>,
        kind: SummaryKind,
        engine: &str,
    ) -> Summary {
        points.retain(|point| words::count(point) > 0);
        let kind = if points.is_empty() {
            SummaryKind::Nothing
        } else {
            kind
        };
        self.summary(title, points, kind, engine)
    }
}

fn shortened(text: &str) -> String {
    text.trim().chars().take(LONGEST).collect()
}
