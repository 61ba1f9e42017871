//! What is heard in a sample: words spoken by flite, a song made of sines, or nothing.

use std::path::Path;

use super::{
    MakeError,
    tool::{Ffmpeg, words},
};

/// Samples per second of the sound that is made before the picture (16 bit, one channel).
const RATE: u64 = 44_100;

/// What is heard.
#[derive(Debug, Clone)]
pub(super) enum Sound {
    Speech {
        text: String,
        music: bool,
    },
    Music {
        seconds: u64,
    },
    /// A sound track that holds nothing.
    Silence {
        seconds: u64,
    },
    /// No sound track.
    None {
        seconds: u64,
    },
}

impl Sound {
    pub(super) fn speech(&self) -> Option<&str> {
        match self {
            Self::Speech { text, .. } if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

/// A slow song of four chords, a soft drum and a hat; no voice and nothing like one.
const SONG: &str = "aevalsrc='st(0,floor(mod(t/2,4)));st(1,if(eq(ld(0),0),220,if(eq(ld(0),1),174.61,if(eq(ld(0),2),130.81,196))));st(2,if(eq(ld(0),0),1.1892,1.2599));0.13*(sin(2*PI*ld(1)*t)+0.7*sin(2*PI*ld(1)*ld(2)*t)+0.6*sin(2*PI*ld(1)*1.4983*t)+0.4*sin(4*PI*ld(1)*t))*(0.65+0.35*exp(-2*mod(t,1)))+0.5*sin(2*PI*52*mod(t,0.5))*exp(-9*mod(t,0.5))+0.07*(random(3)-0.5)*exp(-30*mod(t+0.25,0.5))':s=44100";

/// Makes `sound.raw` and says how many seconds it lasts. Words to be spoken go through a file, never through the
/// filter's own text, so that no sentence can be a command.
pub(super) async fn make_sound(
    ffmpeg: &Ffmpeg,
    dir: &Path,
    sound: &Sound,
) -> Result<f64, MakeError> {
    let mut args = Vec::new();
    match sound {
        Sound::Speech { text, music } => {
            tokio::fs::write(dir.join("speech.txt"), text).await?;
            args.extend(words("-f lavfi -i flite=textfile=speech.txt:voice=slt"));
            let voice = "[0:a]aresample=44100,adelay=250,apad=pad_dur=0.5";
            if *music {
                args.extend(words("-f lavfi -i"));
                args.push(SONG.into());
                args.push("-filter_complex".into());
                args.push(format!("{voice}[v];[1:a]volume=0.22[m];[v][m]amix=inputs=2:duration=first:normalize=0").into());
            } else {
                args.push("-filter_complex".into());
                args.push(voice.into());
            }
        }
        Sound::Music { seconds } => {
            args.extend(words("-f lavfi -i"));
            args.push(SONG.into());
            args.push("-af".into());
            args.push(format!("afade=t=out:st={}:d=1", seconds.saturating_sub(1)).into());
            args.extend(words(&format!("-t {seconds}")));
        }
        Sound::Silence { seconds } | Sound::None { seconds } => {
            args.extend(words(&format!(
                "-f lavfi -i anullsrc=r=44100:cl=mono -t {seconds}"
            )));
        }
    }
    args.extend(words("-ac 1 -ar 44100 -f s16le sound.raw"));
    ffmpeg.run(dir, args).await?;
    let bytes = tokio::fs::metadata(dir.join("sound.raw")).await?.len();
    #[allow(clippy::cast_precision_loss, reason = "a few minutes of samples")]
    Ok(bytes as f64 / (2 * RATE) as f64)
}
