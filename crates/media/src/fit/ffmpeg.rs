//! ffmpeg's command lines. Everything in them is a constant or a number that we computed: no name,
//! text or URL of a stranger ever becomes an argument.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::plan::Encode;
use crate::probe::input_flags;
use crate::probe::sniff::Container;
use crate::probe::to_u32;
use crate::tool::{self, Limits, Tool, ToolError};
use crate::{Progress, Step};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The file is there.
    Well,
    /// Its time was up.
    Late,
    /// ffmpeg gave up: the input cannot be decoded, or a limit was hit.
    Badly,
}

/// Where a result goes and how large it may get.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    pub(super) file: &'a str,
    pub(super) max_bytes: u64,
}

impl Target<'_> {
    fn args(self) -> Vec<String> {
        vec![
            "-fs".to_owned(),
            self.max_bytes.to_string(),
            format!("file:{}", self.file),
        ]
    }
}

/// One input with its guards.
#[derive(Clone, Debug)]
pub(super) struct Input<'a> {
    pub(super) dir: &'a Path,
    pub(super) file: &'a str,
    pub(super) container: Container,
}

impl Input<'_> {
    fn flags(&self) -> Vec<String> {
        let mut flags = input_flags(self.container);
        flags.extend(["-threads", "2", "-i"].map(str::to_owned));
        flags.push(format!("file:{}", self.file));
        flags
    }
}

/// ffmpeg and how long and large its work may get.
#[derive(Clone, Debug)]
pub(super) struct Ffmpeg {
    pub(super) program: PathBuf,
    /// Longest part of a file that is used, whatever its header says.
    pub(super) max_duration: Duration,
}

impl Ffmpeg {
    /// Copies the picture, copies or remakes the sound, puts the index first.
    pub(super) async fn remux(
        &self,
        input: &Input<'_>,
        copy_audio: bool,
        to: Target<'_>,
    ) -> Result<Ended, ToolError> {
        let mut args = input.flags();
        args.extend(words("-map 0:v:0 -map 0:a:0? -sn -dn -c:v copy"));
        args.extend(words(if copy_audio {
            "-c:a copy"
        } else {
            "-c:a aac -b:a 128k -ac 2"
        }));
        args.extend(words(
            "-map_metadata -1 -map_chapters -1 -movflags +faststart -f mp4",
        ));
        args.extend(to.args());
        self.run(
            input.dir,
            args,
            Duration::from_mins(1),
            to.max_bytes,
            &mut |_| {},
        )
        .await
    }

    /// One encode with a cap on its rate.
    pub(super) async fn capped(
        &self,
        input: &Input<'_>,
        encode: &Encode,
        to: Target<'_>,
        progress: &Progress,
    ) -> Result<Ended, ToolError> {
        let cap = to_u32(0.95 * encode.video_bps);
        let buffer = to_u32(0.95 * encode.buffer_bits());
        let rate = format!("-crf {} -maxrate {cap} -bufsize {buffer}", encode.crf);
        let args = self.encode_args(input, encode, &rate, to);
        let mut report = |done: f64| progress.report(Step::Fit, share(done, encode.seconds));
        self.run(input.dir, args, deadline(encode), to.max_bytes, &mut report)
            .await
    }

    /// Two passes to an exact size.
    pub(super) async fn two_pass(
        &self,
        input: &Input<'_>,
        encode: &Encode,
        to: Target<'_>,
        progress: &Progress,
    ) -> Result<Ended, ToolError> {
        let rate = encode.video_bps;
        let log = format!("{}.pass", to.file);
        let (target, cap, buffer) = (to_u32(rate), to_u32(1.5 * rate), to_u32(2.0 * rate));
        let passes = format!("-b:v {target} -maxrate {cap} -bufsize {buffer} -passlogfile {log}");
        let mut args = input.flags();
        args.extend(self.video_args(encode));
        args.extend(words(&format!("{passes} -pass 1 -an -f null -")));
        let mut report = |done: f64| progress.report(Step::Fit, share(done, encode.seconds) / 2.0);
        let ended = self
            .run(input.dir, args, deadline(encode), to.max_bytes, &mut report)
            .await?;
        if ended != Ended::Well {
            return Ok(ended);
        }
        let rate = format!("{passes} -pass 2");
        let args = self.encode_args(input, encode, &rate, to);
        let mut report =
            |done: f64| progress.report(Step::Fit, 0.5 + share(done, encode.seconds) / 2.0);
        self.run(input.dir, args, deadline(encode), to.max_bytes, &mut report)
            .await
    }

    /// A few silent seconds from three places of the film, as a small MP4.
    pub(super) async fn preview(
        &self,
        input: &Input<'_>,
        seconds: f64,
        to: Target<'_>,
    ) -> Result<Ended, ToolError> {
        let look = "scale=w='if(gt(iw,ih),-2,480)':h='if(gt(iw,ih),480,-2)',setsar=1,fps=24,\
                    format=yuv420p";
        let mut args = Vec::new();
        // A film shorter than the pieces together is shown from its start.
        let pieces: &[f64] = if seconds > 12.0 {
            &[0.1, 0.4, 0.7]
        } else {
            &[0.0]
        };
        let length = if pieces.len() == 1 { 6.0 } else { 2.0 };
        for piece in pieces {
            args.extend(words(&format!("-ss {:.3} -t {length}", piece * seconds)));
            args.extend(input.flags());
        }
        let (mut chains, mut joined) = (String::new(), String::new());
        for at in 0..pieces.len() {
            chains.extend([
                "[",
                &at.to_string(),
                ":v:0]",
                look,
                "[p",
                &at.to_string(),
                "];",
            ]);
            joined.extend(["[p", &at.to_string(), "]"]);
        }
        let graph = format!("{chains}{joined}concat=n={}:v=1:a=0[v]", pieces.len());
        args.extend(["-filter_complex".to_owned(), graph]);
        args.extend(words(
            "-map [v] -an -c:v libx264 -profile:v high -preset veryfast -crf 28 -maxrate 900k \
             -bufsize 1800k -threads 2 -map_metadata -1 -movflags +faststart -f mp4",
        ));
        args.extend(to.args());
        self.run(
            input.dir,
            args,
            Duration::from_mins(1),
            to.max_bytes,
            &mut |_| {},
        )
        .await
    }

    /// The first six seconds as a GIF: `side` pixels wide, `fps` frames, `colours` colours.
    pub(super) async fn gif(
        &self,
        input: &Input<'_>,
        (side, fps, colours): (u32, u32, u32),
        to: Target<'_>,
    ) -> Result<Ended, ToolError> {
        let mut args = words("-t 6");
        args.extend(input.flags());
        args.push("-filter_complex".to_owned());
        args.push(format!(
            "[0:v:0]fps={fps},scale={side}:-2:flags=lanczos,split[a][b];\
             [a]palettegen=max_colors={colours}:stats_mode=diff[p];\
             [b][p]paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle[v]"
        ));
        args.extend(words("-map [v] -an -f gif"));
        args.extend(to.args());
        self.run(
            input.dir,
            args,
            Duration::from_mins(1),
            to.max_bytes,
            &mut |_| {},
        )
        .await
    }

    /// The picture that is seen after so many seconds as JPEG, its long side at most `side`.
    pub(super) async fn jpeg(
        &self,
        input: &Input<'_>,
        at_seconds: f64,
        (side, quality): (u32, u32),
        to: &str,
    ) -> Result<Ended, ToolError> {
        let mut args = if at_seconds > 0.0 {
            words(&format!("-ss {at_seconds:.3}"))
        } else {
            Vec::new()
        };
        args.extend(input.flags());
        args.extend(words("-frames:v 1 -an -map_metadata -1 -vf"));
        args.push(format!(
            "scale=w='min(iw,{side})':h='min(ih,{side})':force_original_aspect_ratio=decrease,\
             format=yuvj420p"
        ));
        args.extend(words(&format!(
            "-q:v {quality} -c:v mjpeg -f image2 -update 1"
        )));
        args.push(format!("file:{to}"));
        self.run(
            input.dir,
            args,
            Duration::from_mins(1),
            64 << 20,
            &mut |_| {},
        )
        .await
    }

    /// Sound alone as AAC, in the file that says so of itself: players tell `.m4a` from a film by its brand.
    pub(super) async fn audio(
        &self,
        input: &Input<'_>,
        bits_per_second: u32,
        to: Target<'_>,
    ) -> Result<Ended, ToolError> {
        let mut args = input.flags();
        args.extend(words(&format!(
            "-map 0:a:0 -vn -t {} -c:a aac -b:a {bits_per_second} -ac 2 -ar 44100 -map_metadata -1 \
             -movflags +faststart -f ipod",
            self.max_duration.as_secs()
        )));
        args.extend(to.args());
        self.run(
            input.dir,
            args,
            Duration::from_mins(2),
            to.max_bytes,
            &mut |_| {},
        )
        .await
    }

    fn video_args(&self, encode: &Encode) -> Vec<String> {
        let Encode {
            width, height, fps, ..
        } = encode;
        words(&format!(
            "-t {} -map 0:v:0 -map 0:a:0? -sn -dn -map_metadata -1 -map_chapters -1 \
             -vf scale={width}:{height}:flags=bicubic,setsar=1,fps={fps:.3},format=yuv420p \
             -c:v libx264 -profile:v high -preset veryfast -threads 2",
            self.max_duration.as_secs()
        ))
    }

    fn encode_args(
        &self,
        input: &Input<'_>,
        encode: &Encode,
        rate: &str,
        to: Target<'_>,
    ) -> Vec<String> {
        let mut args = input.flags();
        args.extend(self.video_args(encode));
        args.extend(words(rate));
        if encode.audio_bps > 0 {
            let channels = if encode.mono { 1 } else { 2 };
            args.extend(words(&format!(
                "-c:a aac -b:a {} -ac {channels} -ar 44100",
                encode.audio_bps
            )));
        }
        args.extend(words("-movflags +faststart -f mp4"));
        args.extend(to.args());
        args
    }

    async fn run(
        &self,
        dir: &Path,
        args: Vec<String>,
        wall: Duration,
        max_bytes: u64,
        on_seconds: &mut (dyn FnMut(f64) + Send),
    ) -> Result<Ended, ToolError> {
        let mut tool = Tool::new(&self.program, dir)
            .args(words(
                "-hide_banner -nostdin -y -v error -nostats -progress pipe:1",
            ))
            .args(args)
            .limits(Limits {
                wall,
                // Two threads may each use what the wall clock allows, and start-up is not free.
                cpu_seconds: Some(2 * wall.as_secs() + 10),
                file_size: Some(max_bytes.saturating_mul(2).max(64 << 20)),
                ..Limits::default()
            });
        tool.max_stdout = 4096;
        let output = tool::run_lines(tool, |line| {
            if let Some(micros) = line.strip_prefix("out_time_us=")
                && let Ok(micros) = micros.trim().parse::<f64>()
            {
                on_seconds(micros / 1e6);
            }
        })
        .await?;
        Ok(match output.killed {
            Some(_) => Ended::Late,
            None if output.status.success() => Ended::Well,
            None => {
                tracing::debug!(code = ?output.status.code, signal = ?output.status.signal, "ffmpeg gave up");
                Ended::Badly
            }
        })
    }
}

/// An encode may take four times the film's length, two minutes at least: on two free cores it takes a third of the
/// length, but the machine may be busy with others, and the person has the text already.
fn deadline(encode: &Encode) -> Duration {
    Duration::try_from_secs_f64(4.0 * encode.seconds)
        .unwrap_or_default()
        .max(Duration::from_mins(2))
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a share for a progress line"
)]
fn share(done: f64, whole: f64) -> f32 {
    (done / whole.max(0.1)) as f32
}

fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}
