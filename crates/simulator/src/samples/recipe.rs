//! How one file of a sample is made: its sound first, then its picture for exactly as long.

use std::{ffi::OsString, fmt::Write as _, path::Path};

use super::{
    MakeError,
    paint::Canvas,
    scenes::Scene,
    sound::{Sound, make_sound},
    tool::{self, Ffmpeg},
};

const FRAMES_PER_SECOND: u32 = 24;
/// Changing how files are made must not leave old ones in a cache: part of every folder's name.
pub(super) const RECIPE_VERSION: u32 = 1;

/// What is seen.
#[derive(Debug, Clone)]
pub(super) enum Picture {
    Scene {
        scene: &'static Scene,
        width: u32,
        height: u32,
    },
    /// 1080x1920 under heavy film grain at eight megabits a second, for a minute.
    Grain { scene: &'static Scene },
}

/// What file it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Mp4 {
        faststart: bool,
    },
    Webm,
    Jpeg,
    /// A playlist that names other files, under a video's name.
    HostileHls,
    /// An ffconcat script that names other files, under a video's name.
    HostileConcat,
}

impl Container {
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Mp4 { .. } | Self::HostileHls | Self::HostileConcat => "mp4",
            Self::Webm => "webm",
            Self::Jpeg => "jpg",
        }
    }

    pub(super) fn mime(self) -> &'static str {
        match self {
            Self::Mp4 { .. } | Self::HostileHls | Self::HostileConcat => "video/mp4",
            Self::Webm => "video/webm",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// The text of a file that is not media at all. What it names are files that a careless reader would open.
    pub(super) fn text(self) -> Option<&'static str> {
        match self {
            Self::HostileHls => Some(
                "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile:///etc/passwd\n#EXTINF:10.0,\nhttp://169.254.169.254/latest/meta-data/\n#EXTINF:10.0,\n../../../../../../etc/hostname\n#EXT-X-ENDLIST\n",
            ),
            Self::HostileConcat => Some(
                "ffconcat version 1.0\nfile 'file:/etc/passwd'\nduration 5\nfile 'http://169.254.169.254/latest/meta-data/'\nduration 5\n",
            ),
            _ => None,
        }
    }
}

/// One file of a sample.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) picture: Picture,
    pub(super) sound: Sound,
    pub(super) container: Container,
}

impl Item {
    /// A portrait video as phones post it.
    pub(super) fn reel(scene: &'static Scene, sound: Sound) -> Self {
        let picture = Picture::Scene {
            scene,
            width: 540,
            height: 960,
        };
        Self {
            picture,
            sound,
            container: Container::Mp4 { faststart: true },
        }
    }

    /// A photo in Instagram's 4:5.
    pub(super) fn photo(scene: &'static Scene) -> Self {
        let picture = Picture::Scene {
            scene,
            width: 1080,
            height: 1350,
        };
        Self {
            picture,
            sound: Sound::None { seconds: 0 },
            container: Container::Jpeg,
        }
    }

    /// A text file that pretends to be a video.
    pub(super) fn text(container: Container) -> Self {
        Self {
            container,
            ..Self::reel(&super::scenes::CITY, Sound::None { seconds: 0 })
        }
    }

    /// What makes this file different from every other, for the cache.
    pub(super) fn fingerprint(&self) -> String {
        let scene = self.scene();
        format!(
            "{RECIPE_VERSION} {:?} {:?} {:?} {scene:?}",
            self.picture, self.sound, self.container
        )
    }

    fn scene(&self) -> &'static Scene {
        match self.picture {
            Picture::Scene { scene, .. } | Picture::Grain { scene } => scene,
        }
    }

    /// Makes the file `to` inside `dir`, which nobody else looks into yet.
    pub(super) async fn make(
        &self,
        ffmpeg: &Ffmpeg,
        dir: &Path,
        to: &str,
    ) -> Result<(), MakeError> {
        if let Some(text) = self.container.text() {
            tokio::fs::write(dir.join(to), text).await?;
            return Ok(());
        }
        match (&self.picture, self.container) {
            (_, Container::Jpeg) => self.still(ffmpeg, dir, to).await,
            (Picture::Grain { scene }, _) => {
                grainy_minute(ffmpeg, dir, (scene, &self.sound), to).await
            }
            (
                Picture::Scene {
                    scene,
                    width,
                    height,
                },
                _,
            ) => {
                let seconds = make_sound(ffmpeg, dir, &self.sound).await?;
                let size = (*width, *height);
                let layers = write_layers(dir, scene, size).await?;
                let with_wave = !matches!(self.sound, Sound::Silence { .. } | Sound::None { .. });
                let mut args = layers.inputs;
                args.extend(words(
                    "-f s16le -ar 44100 -ac 1 -i sound.raw -filter_complex",
                ));
                args.push(layer_filter(scene, size, with_wave).into());
                args.extend(words("-map [out]"));
                match self.sound {
                    Sound::None { .. } => {}
                    Sound::Silence { .. } => {
                        args.extend(words(&format!("-map {}:a", layers.count)));
                    }
                    _ => args.extend(words("-map [heard]")),
                }
                args.extend(words(codecs(self.container)));
                args.extend(words("-map_metadata -1 -t"));
                args.push(format!("{seconds:.3}").into());
                args.push(to.into());
                ffmpeg.run(dir, args).await
            }
        }
    }

    /// Makes the poster, or a photo: one frame.
    pub(super) async fn still(
        &self,
        ffmpeg: &Ffmpeg,
        dir: &Path,
        to: &str,
    ) -> Result<(), MakeError> {
        let (width, height) = match self.picture {
            Picture::Scene { width, height, .. } => (width, height),
            Picture::Grain { .. } => (540, 960),
        };
        let scene = self.scene();
        let picture = tokio::task::spawn_blocking(move || {
            let mut canvas = Canvas::new(width, height);
            canvas.draw(scene.back);
            scene
                .drift
                .iter()
                .for_each(|drift| canvas.draw(drift.shapes));
            canvas.draw(scene.front);
            canvas.pam()
        })
        .await?;
        tokio::fs::write(dir.join("still.pam"), picture).await?;
        let mut args = words("-i still.pam -frames:v 1 -pix_fmt yuvj420p -q:v 3");
        args.push(to.into());
        ffmpeg.run(dir, args).await?;
        tokio::fs::remove_file(dir.join("still.pam")).await?;
        Ok(())
    }
}

struct Layers {
    inputs: Vec<OsString>,
    count: usize,
}

/// Paints the scene's layers into files and says how to read them as endless video.
async fn write_layers(
    dir: &Path,
    scene: &'static Scene,
    (width, height): (u32, u32),
) -> Result<Layers, MakeError> {
    let pictures = tokio::task::spawn_blocking(move || {
        let still = std::iter::once(scene.back);
        let drifting = scene.drift.iter().map(|drift| drift.shapes);
        let front = (!scene.front.is_empty()).then_some(scene.front);
        let paint = |shapes| {
            let mut canvas = Canvas::new(width, height);
            canvas.draw(shapes);
            canvas.pam()
        };
        still
            .chain(drifting)
            .chain(front)
            .map(paint)
            .collect::<Vec<_>>()
    })
    .await?;
    let mut inputs = Vec::new();
    for (number, picture) in pictures.iter().enumerate() {
        let name = format!("layer{number}.pam");
        tokio::fs::write(dir.join(&name), picture).await?;
        inputs.extend(words(&format!(
            "-loop 1 -framerate {FRAMES_PER_SECOND} -i {name}"
        )));
    }
    Ok(Layers {
        inputs,
        count: pictures.len(),
    })
}

/// The filter graph that stacks the layers: `[out]`, and `[heard]` when the sound is also drawn.
fn layer_filter(scene: &Scene, (width, height): (u32, u32), with_wave: bool) -> String {
    let mut graph = String::from("[0:v]format=yuv420p[s0]");
    let mut top = 0;
    for drift in scene.drift {
        let next = top + 1;
        let _ = write!(
            graph,
            ";[{next}:v]format=yuva420p,scroll=h={:.5}[d{next}];[s{top}][d{next}]overlay=format=yuv420[s{next}]",
            drift.speed
        );
        top = next;
    }
    if !scene.front.is_empty() {
        let next = top + 1;
        let sway = f64::from(height) / 160.0;
        let _ = write!(
            graph,
            ";[{next}:v]format=yuva420p[f];[s{top}][f]overlay=format=yuv420:x=0:y='{sway:.1}*sin(1.9*t)'[s{next}]"
        );
        top = next;
    }
    if with_wave {
        let (tall, from) = (height * 14 / 100, height * 80 / 100);
        let sound = top + 1;
        let wide = width * 7 / 10 / 2 * 2;
        let _ = write!(
            graph,
            ";[{sound}:a]asplit[heard][drawn];[drawn]showwaves=s={wide}x{tall}:mode=cline:rate={FRAMES_PER_SECOND}:colors={}:scale=sqrt[wave];[s{top}][wave]overlay=format=yuv420:x=(W-w)/2:y={from},format=yuv420p[out]",
            scene.wave
        );
    } else {
        let _ = write!(graph, ";[s{top}]format=yuv420p[out]");
    }
    graph
}

fn codecs(container: Container) -> &'static str {
    match container {
        Container::Webm => {
            "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 900k -c:a libopus -b:a 64k -ar 48000 -f webm"
        }
        Container::Mp4 { faststart: false } => {
            "-c:v libx264 -preset veryfast -crf 24 -profile:v high -pix_fmt yuv420p -g 48 -c:a aac -b:a 96k -f mp4"
        }
        _ => {
            "-c:v libx264 -preset veryfast -crf 24 -profile:v high -pix_fmt yuv420p -g 48 -c:a aac -b:a 96k -movflags +faststart -f mp4"
        }
    }
}

/// Sixty seconds of grain: six seconds are encoded and then repeated without a second encode, under one minute of
/// sound, so that the largest sample costs seconds and not minutes.
async fn grainy_minute(
    ffmpeg: &Ffmpeg,
    dir: &Path,
    (scene, sound): (&'static Scene, &Sound),
    to: &str,
) -> Result<(), MakeError> {
    let layers = write_layers(dir, scene, (540, 960)).await?;
    let mut args = layers.inputs;
    args.push("-filter_complex".into());
    let graph = layer_filter(scene, (540, 960), false).replace("[out]", "[flat]");
    args.push(format!("{graph};[flat]fps=30,scale=1080:1920,noise=alls=34:allf=t[out]").into());
    args.extend(words(
        "-map [out] -t 6 -c:v libx264 -preset superfast -profile:v high -pix_fmt yuv420p -g 60 -bf 0 \
         -b:v 8200k -minrate 8200k -maxrate 8200k -bufsize 4100k -nal-hrd cbr -f mp4 grain.mp4",
    ));
    ffmpeg.run(dir, args).await?;
    make_sound(ffmpeg, dir, sound).await?;
    let mut args = words("-stream_loop -1 -i grain.mp4 -f s16le -ar 44100 -ac 1 -i sound.raw");
    args.extend(words(
        "-map 0:v -map 1:a -c:v copy -af apad -c:a aac -b:a 96k -t 60 -movflags +faststart -f mp4",
    ));
    args.push(to.into());
    ffmpeg.run(dir, args).await
}

fn words(text: &str) -> Vec<OsString> {
    tool::words(text)
}
