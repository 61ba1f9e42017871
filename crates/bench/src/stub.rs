//! Instant stand-ins for ffmpeg, ffprobe, yt-dlp and a recogniser, so that crash trials and job benchmarks
//! measure the pipeline and not the tools. The bench binary plays them when it is started under their names.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// The names under which this program plays another.
pub const NAMES: [&str; 4] = ["ffmpeg", "ffprobe", "yt-dlp", "recognise"];

/// What the stubs hand out, kept in `stubs.json` beside their links (a child gets no environment).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// What a download brings: H.264/AAC with its index at the end, so that it has to be remuxed.
    pub source: PathBuf,
    /// The same with its index in front: what a remux makes of it.
    pub video: PathBuf,
    /// 16 kHz mono speech as WAV.
    pub wav: PathBuf,
    /// A still picture of it.
    pub still: PathBuf,
    /// The longest pause before an answer; the real one is drawn evenly below it.
    pub pause_ms: u64,
    /// What is remuxed differs from job to job, so that no upload can stand for another.
    pub each_its_own: bool,
    /// One job in so many has a video that takes `late_ms`; 0: none has.
    pub late_one_in: u64,
    /// Long enough for the words to go out before the video.
    pub late_ms: u64,
}

/// A folder with one link per stub and their plan.
#[derive(Debug, Clone)]
pub struct Stubs {
    folder: PathBuf,
}

impl Stubs {
    /// Makes the links to `program` (this binary) in `folder`.
    pub fn install(folder: &Path, program: &Path, plan: &Plan) -> Result<Self> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("stubs.json"), serde_json::to_vec(plan)?)?;
        for name in NAMES {
            let link = folder.join(name);
            if !link.exists() {
                std::os::unix::fs::symlink(program, link)?;
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The settings that put the stubs in the tools' places.
    pub fn environment(&self) -> Vec<(String, String)> {
        let path = |name: &str| self.folder.join(name).display().to_string();
        [
            ("GRAMOPHONE_TOOLS__FFMPEG", path("ffmpeg")),
            ("GRAMOPHONE_TOOLS__FFPROBE", path("ffprobe")),
            ("GRAMOPHONE_TOOLS__YT_DLP", path("yt-dlp")),
            ("GRAMOPHONE_SPEECH__ENGINE", "command".to_owned()),
            (
                "GRAMOPHONE_SPEECH__COMMAND",
                format!("{},{{wav}}", path("recognise")),
            ),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

/// Plays a stub if this process was started under one's name.
pub fn play(args: &[OsString]) -> Option<ExitCode> {
    let program = PathBuf::from(args.first()?);
    let name = program.file_name()?.to_str()?.to_owned();
    if !NAMES.contains(&name.as_str()) {
        return None;
    }
    let words: Vec<String> = args
        .iter()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    match act(&program, &name, &words) {
        Ok(()) => Some(ExitCode::SUCCESS),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "ERROR: stub {name}: {error:#}");
            Some(ExitCode::FAILURE)
        }
    }
}

fn act(program: &Path, name: &str, words: &[String]) -> Result<()> {
    if words
        .iter()
        .any(|word| word == "-version" || word == "--version")
    {
        return print(if name == "yt-dlp" {
            "2026.10.26\n"
        } else {
            "ffmpeg version 5.1.9-stub\n"
        });
    }
    let folder = program.parent().context("the stub has no folder")?;
    let plan: Plan = serde_json::from_slice(&fs::read(folder.join("stubs.json"))?)?;
    pause(plan.pause_ms);
    match name {
        "ffprobe" => print(PROBE),
        "ffmpeg" => ffmpeg(&plan, words),
        "yt-dlp" => yt_dlp(&plan, words),
        _ => print(&sentence()),
    }
}

fn pause(longest_ms: u64) {
    if longest_ms > 0 {
        wait(Duration::from_millis(rand::random_range(0..=longest_ms)));
    }
}

/// The longest lives of a stub are a pause, not work: it must not warm the processors it is timed on.
#[expect(
    clippy::disallowed_methods,
    reason = "a process of its own that has nothing else to do"
)]
fn wait(time: Duration) {
    std::thread::sleep(time);
}

/// A number drawn from the job's folder: another for each reel, the same again after a crash.
fn mark_of_job() -> u64 {
    let place = std::env::current_dir().unwrap_or_default();
    place
        .to_string_lossy()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

fn ffmpeg(plan: &Plan, words: &[String]) -> Result<()> {
    let output = words.last().context("no output was named")?;
    let output = Path::new(output.strip_prefix("file:").unwrap_or(output));
    let source = match output.extension().and_then(|end| end.to_str()) {
        Some("mp4") => return video(plan, output),
        Some("jpg") => &plan.still,
        Some("wav") => &plan.wav,
        Some("s16le") => {
            // The samples without the 44-byte WAV header.
            let wav = fs::read(&plan.wav)?;
            return Ok(fs::write(output, wav.get(44..).unwrap_or_default())?);
        }
        other => bail!("no stub output for {other:?}"),
    };
    fs::copy(source, output)?;
    Ok(())
}

/// What a remux makes.
fn video(plan: &Plan, output: &Path) -> Result<()> {
    let job = mark_of_job();
    if plan.late_one_in > 0 && job.is_multiple_of(plan.late_one_in) {
        wait(Duration::from_millis(plan.late_ms));
    }
    let mut bytes = fs::read(&plan.video)?;
    if plan.each_its_own {
        // An empty box with the job's mark: players skip it.
        bytes.extend_from_slice(&16_u32.to_be_bytes());
        bytes.extend_from_slice(b"free");
        bytes.extend_from_slice(&job.to_be_bytes());
    }
    Ok(fs::write(output, bytes)?)
}

fn yt_dlp(plan: &Plan, words: &[String]) -> Result<()> {
    let after = |flag: &str| {
        let at = words.iter().position(|word| word == flag)?;
        words.get(at + 1)
    };
    let folder = PathBuf::from(after("-P").map_or(".", String::as_str));
    let url = words.last().context("no link was given")?;
    let code = url
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .context("the link has no code")?;
    let path = folder.join(format!("{code}.mp4"));
    fs::copy(&plan.source, &path)?;
    let answer = serde_json::json!({
        "id": code, "title": format!("Reel {code}"), "description": "legenda curta", "uploader": "bench",
        "ext": "mp4", "webpage_url": url, "requested_downloads": [{"filepath": path, "ext": "mp4"}],
    });
    print(&format!("{answer}\n"))
}

/// Words of the job's own.
fn sentence() -> String {
    const WORDS: [&str; 16] = [
        "bread", "water", "garden", "morning", "copper", "window", "travel", "summer", "kitchen",
        "paper", "mountain", "yellow", "market", "winter", "orange", "river",
    ];
    let mut state = mark_of_job();
    let mut words = Vec::new();
    for _ in 0..24 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let index = usize::try_from(state % 16).unwrap_or(0);
        words.push(WORDS.get(index).copied().unwrap_or("bread"));
    }
    format!("the {} .\n", words.join(" "))
}

fn print(text: &str) -> Result<()> {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// What ffprobe would say of the stub's video.
const PROBE: &str = r#"{"streams":[
{"index":0,"codec_type":"video","codec_name":"h264","profile":"High","pix_fmt":"yuv420p","width":360,"height":640,"avg_frame_rate":"30/1","duration":"4.000000","disposition":{"attached_pic":0}},
{"index":1,"codec_type":"audio","codec_name":"aac","profile":"LC","sample_rate":"44100","channels":1,"duration":"4.000000","disposition":{"attached_pic":0}}],
"format":{"format_name":"mov,mp4,m4a,3gp,3g2,mj2","duration":"4.000000","size":"100000","bit_rate":"200000"}}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tools_names_are_played() {
        assert!(play(&["/usr/bin/gramophone-bench".into(), "all".into()]).is_none());
        assert!(play(&[]).is_none());
    }

    #[test]
    fn the_probe_is_json() {
        let probe: serde_json::Value = serde_json::from_str(PROBE).unwrap();
        assert_eq!(probe["streams"][0]["codec_name"], "h264");
    }

    #[test]
    fn the_downloader_writes_what_it_names() {
        let folder = tempfile::tempdir().unwrap();
        let video = folder.path().join("source.mp4");
        fs::write(&video, b"video").unwrap();
        let plan = Plan {
            source: video,
            video: PathBuf::new(),
            wav: PathBuf::new(),
            still: PathBuf::new(),
            pause_ms: 0,
            each_its_own: false,
            late_one_in: 0,
            late_ms: 0,
        };
        let words: Vec<String> = [
            "-P",
            folder.path().to_str().unwrap(),
            "--",
            "http://x/reel/Cabc/",
        ]
        .map(str::to_owned)
        .to_vec();
        yt_dlp(&plan, &words).unwrap();
        assert_eq!(fs::read(folder.path().join("Cabc.mp4")).unwrap(), b"video");
    }
}
