//! Recipes for clips of speech, music, mixtures and quiet, made by ffmpeg on the spot. Two sets with different voices,
//! sentences, tempos, keys and instruments: `Set::Fit` is what the detector's coefficients were fitted on,
//! `Set::Held` is what it is judged by. No recording is kept in the repository.

use std::process::{Command, Stdio};

/// What a clip holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A voice, maybe with noise or in a room.
    Speech,
    /// Instruments only.
    Music,
    /// A voice over instruments.
    Mixed,
    /// Wind, rain, hiss, traffic.
    Noise,
}

/// Which set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// For fitting.
    Fit,
    /// For judging.
    Held,
}

/// One recipe.
#[derive(Debug, Clone)]
pub struct Clip {
    /// Short name for tables.
    pub name: String,
    /// What it holds.
    pub what: What,
    /// The whole ffmpeg filter graph, ending in `[out]`.
    pub graph: String,
}

impl Clip {
    /// Makes the clip: 16 kHz mono samples.
    pub fn pcm(&self) -> Vec<i16> {
        render(&self.graph)
    }
}

/// Runs ffmpeg on a filter graph that ends in `[out]`.
pub fn render(graph: &str) -> Vec<i16> {
    let out = Command::new("ffmpeg")
        .args([
            "-hide_banner",
            "-loglevel",
            "error",
            "-nostdin",
            "-filter_complex",
            graph,
        ])
        .args([
            "-map", "[out]", "-ac", "1", "-ar", "16000", "-f", "s16le", "-",
        ])
        .stdin(Stdio::null())
        .output()
        .expect("ffmpeg runs");
    assert!(
        out.status.success(),
        "{graph}\n{}",
        String::from_utf8_lossy(&out.stderr)
    );
    out.stdout
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .collect()
}

const FIT_LINES: &[&str] = &[
    "Most people water their plants too often and then wonder why the leaves turn yellow. Push a finger into the soil first.",
    "I moved to Lisbon with two suitcases and no job, and these are the five things I wish somebody had told me before.",
    "Chop the onion very small, let it sweat in butter on a low flame, and only then add the rice and the warm stock.",
    "The bridge was closed for eleven months, and the small shops on both sides lost nearly half of their customers.",
    "If your phone is full, look at the chat folders before you delete any photograph. That is where the space has gone.",
    "My grandfather repaired clocks for sixty years. He said that the silence after the tick is what you learn to hear.",
    "Today we test three cheap running shoes on wet stairs, on gravel, and on the treadmill in my living room.",
    "There is no secret here. Save ten percent before you see it, pay the expensive debt, and sleep eight hours.",
];
const HELD_LINES: &[&str] = &[
    "Before you buy that old camera, open the back and look at the shutter with a bright lamp behind it.",
    "We asked forty teachers what they would change tomorrow, and almost all of them gave the very same answer.",
    "The dough has to rest overnight. Do not skip this, because the flavour comes from the cold and from the time.",
    "Nobody tells you that the second month of learning to swim is much harder than the first one.",
    "This valley used to be a lake. You can still see the line of the water along those pale rocks up there.",
    "Three questions to ask in every interview. What happened to the last person who did this job?",
    "Coconut oil will not fix your hair, but rinsing with cold water and sleeping on silk honestly might.",
    "She opened the bakery at four in the morning for nineteen years and never once complained about it.",
    "Here is how the ticket machine cheats you, and here is the small button that nearly everyone overlooks.",
    "Warm up your shoulders for five minutes, otherwise the rope will hurt you more than the fall would.",
    "The council voted at midnight. The park stays, the parking lot goes, and the market moves to Sunday.",
    "A battery hates two things, heat and being full all the time, so charge it to eighty and keep it cool.",
];

/// Speech through flite: `voice`, text, pace (1 = as it is), pitch (1 = as it is), and what follows in the chain.
fn voice(voice: &str, text: &str, pace: f32, pitch: f32, after: &str) -> String {
    let text = text.replace('\'', "").replace(',', "\\,").replace(':', "");
    let tempo = pace / pitch;
    format!(
        "flite=text='{text}':voice={voice},aresample=16000,asetrate={:.0},aresample=16000,atempo={tempo:.3}{after}",
        16000.0 * pitch
    )
}

fn speech(set: Set) -> Vec<Clip> {
    let lines = if set == Set::Fit {
        FIT_LINES
    } else {
        HELD_LINES
    };
    let voices = ["slt", "rms", "awb", "kal", "kal16"];
    // (pace, pitch, room)
    let fit: &[(f32, f32, &str)] = &[
        (1.0, 1.0, ""),
        (1.15, 1.05, ",volume=-14dB"),
        (0.9, 0.94, ",aecho=0.8:0.7:40|70:0.3|0.2"),
        (1.25, 1.0, ",highpass=f=250,lowpass=f=3600"),
        (1.0, 1.12, ""),
    ];
    let held: &[(f32, f32, &str)] = &[
        (1.05, 1.0, ""),
        (1.2, 1.08, ",aecho=0.8:0.6:55|90:0.25|0.2"),
        (0.95, 0.97, ",volume=-18dB"),
        (1.35, 1.03, ""),
        (1.1, 0.92, ",lowpass=f=3400"),
    ];
    let ways = if set == Set::Fit { fit } else { held };
    let count = if set == Set::Fit { 20 } else { 14 };
    (0..count)
        .map(|i| {
            let (pace, pitch, room) = ways[(i + i / voices.len()) % ways.len()];
            let who = voices[i % voices.len()];
            let spoken = voice(who, lines[i % lines.len()], pace, pitch, room);
            // Every third clip has the hiss of a phone's microphone under it.
            let graph = if i % 3 == 2 {
                let level = if set == Set::Fit { 0.006 } else { 0.009 };
                format!(
                    "{spoken}[v];anoisesrc=r=16000:c=pink:a={level}:seed={i}:d=30[n];[v][n]amix=inputs=2:duration=first:normalize=0[out]"
                )
            } else {
                format!("{spoken}[out]")
            };
            Clip { name: format!("speech {who} {pace}x pitch {pitch} #{i}"), what: What::Speech, graph }
        })
        .collect()
}

/// One step of a repeated list as an expression: `values[floor(t*rate) mod n]`.
fn steps(values: &[f32], rate: f32) -> String {
    let index = format!("mod(floor(t*{rate}),{})", values.len());
    let mut out = format!("{}", values[values.len() - 1]);
    for (i, value) in values.iter().enumerate().rev().skip(1) {
        out = format!("if(eq({index},{i}),{value},{out})");
    }
    out
}

fn hz(note: i32) -> f32 {
    440.0 * 2.0_f32.powf((note as f32 - 69.0) / 12.0)
}

fn notes(root: i32, degrees: &[i32]) -> Vec<f32> {
    degrees.iter().map(|d| hz(root + d)).collect()
}

/// `n` harmonics of a stepped pitch, falling off as 1/k.
fn tone(freq: &str, harmonics: usize) -> String {
    (1..=harmonics)
        .map(|k| format!("sin(2*PI*{k}*({freq})*t)/{k}"))
        .collect::<Vec<_>>()
        .join("+")
}

fn decay(rate: f32, speed: f32) -> String {
    format!("exp(-{speed}*mod(t,{}))", 1.0 / rate)
}

fn kick(bpm: f32) -> String {
    let beat = 60.0 / bpm;
    format!("0.8*sin(2*PI*(48*mod(t,{beat})+6*(1-exp(-30*mod(t,{beat})))))*exp(-9*mod(t,{beat}))")
}

fn snare(bpm: f32) -> String {
    let beat = 60.0 / bpm;
    format!("0.4*(random(1)*2-1)*exp(-16*mod(t+{beat},{}))", 2.0 * beat)
}

fn hat(bpm: f32) -> String {
    format!("0.2*(random(2)*2-1)*exp(-70*mod(t,{}))", 30.0 / bpm)
}

fn chord(root: i32, shape: &[i32], progression: &[f32], rate: f32, harmonics: usize) -> String {
    let moves: Vec<f32> = progression
        .iter()
        .map(|semitones| 2.0_f32.powf(semitones / 12.0))
        .collect();
    let factor = steps(&moves, rate);
    shape
        .iter()
        .map(|d| {
            format!(
                "({})",
                tone(&format!("{}*({factor})", hz(root + d)), harmonics)
            )
        })
        .collect::<Vec<_>>()
        .join("+")
}

/// The pieces. `bpm` and `root` differ between the sets; so do some of the instruments.
fn piece(kind: usize, bpm: f32, root: i32) -> (&'static str, String) {
    let eighth = bpm / 30.0;
    let bar = bpm / 240.0;
    let minor = [0, 3, 7];
    let major = [0, 4, 7];
    let moves = [0.0, -4.0, 3.0, -2.0];
    match kind {
        0 => (
            "chords and drums",
            format!(
                "0.12*({})+{}+{}",
                chord(root, &minor, &moves, bar, 4),
                kick(bpm),
                hat(bpm)
            ),
        ),
        1 => {
            let line = steps(&notes(root + 12, &[0, 3, 7, 12, 7, 3, 10, 7]), eighth);
            (
                "arpeggio",
                format!("0.3*({})*{}", tone(&line, 6), decay(eighth, 4.0)),
            )
        }
        2 => {
            let line = steps(&notes(root - 24, &[0, 0, 12, 0, 3, 3, 5, 7]), eighth);
            (
                "bass and drums",
                format!(
                    "0.3*({})*{}+{}+{}+{}",
                    tone(&line, 5),
                    decay(eighth, 5.0),
                    kick(bpm),
                    snare(bpm),
                    hat(bpm)
                ),
            )
        }
        3 => {
            let line = steps(&notes(root + 12, &[0, 2, 3, 7, 5, 3, 2, -2]), bpm / 60.0);
            let lead = (1..=5)
                .map(|k| format!("sin({k}*(2*PI*({line})*t+2.2*sin(2*PI*5.6*t)))/{k}"))
                .collect::<Vec<_>>()
                .join("+");
            (
                "vibrato lead over chords",
                format!(
                    "0.25*({lead})+0.06*({})+0.5*({})",
                    chord(root, &major, &moves, bar, 3),
                    kick(bpm)
                ),
            )
        }
        4 => (
            "pad that swells, with noise",
            format!(
                "(0.14*({})+0.03*(random(3)*2-1))*(0.6+0.4*sin(2*PI*{}*t))",
                chord(root, &major, &moves, bar, 3),
                bar / 2.0
            ),
        ),
        5 => {
            let line = steps(&notes(root + 12, &[0, 7, 4, 12, 9, 7, 4, 2]), eighth / 2.0);
            (
                "FM bells",
                format!(
                    "0.35*sin(2*PI*({line})*t+3*{d}*sin(2*PI*2.76*({line})*t))*{d}",
                    d = decay(eighth / 2.0, 3.0)
                ),
            )
        }
        6 => (
            "drums alone",
            format!("{}+{}+{}", kick(bpm), snare(bpm), hat(bpm)),
        ),
        7 => {
            let line = steps(&notes(root, &[0, 7, 12, 16, 12, 7, 4, 7]), eighth);
            let low = steps(&notes(root - 12, &[0, -5, -3, 2]), bar);
            (
                "plucked strings",
                format!(
                    "0.25*({})*{}+0.2*({})*{}",
                    tone(&line, 8),
                    decay(eighth, 6.0),
                    tone(&low, 6),
                    decay(bpm / 60.0, 2.0)
                ),
            )
        }
        8 => (
            "chord stabs four a second",
            format!(
                "0.15*({})*{}",
                chord(root, &minor, &moves, bar, 6),
                decay(4.0, 9.0)
            ),
        ),
        9 => {
            let line = steps(&notes(root, &[0, 3, 5, 7, 10, 12, 10, 7]), bpm / 60.0);
            let wah = format!("(0.5+0.5*sin(2*PI*{}*t))", bpm / 60.0 * 1.5);
            (
                "lead with a wah",
                format!(
                    "0.3*(sin(2*PI*({line})*t)+{wah}*({}))",
                    (2..=8)
                        .map(|k| format!("sin(2*PI*{k}*({line})*t)/{k}"))
                        .collect::<Vec<_>>()
                        .join("+")
                ),
            )
        }
        10 => (
            "drone and wind",
            format!(
                "0.2*sin(2*PI*{0}*t)+0.15*sin(2*PI*{1}*t+0.8*sin(2*PI*0.2*t))+0.08*(random(4)*2-1)*(0.6+0.4*sin(2*PI*0.13*t))",
                hz(root - 12),
                hz(root - 5)
            ),
        ),
        11 => {
            let beat = 60.0 / bpm;
            (
                "house: pumping chords",
                format!(
                    "0.14*({})*min(1,mod(t,{beat})*{})+{}+{}",
                    chord(root, &minor, &moves, bar, 5),
                    2.5 / beat,
                    kick(bpm),
                    hat(bpm)
                ),
            )
        }
        12 => {
            let line = steps(
                &notes(root + 12, &[0, 4, 7, 9, 7, 12, 9, 4, 2, 7, 4, 0]),
                eighth * 1.5,
            );
            (
                "flute in triplets over strings",
                format!(
                    "0.3*(sin(2*PI*({line})*t+0.9*sin(2*PI*5*t))+0.25*sin(4*PI*({line})*t))*(1-exp(-25*mod(t,{})))+0.05*({})",
                    1.0 / (eighth * 1.5),
                    chord(root - 12, &major, &moves, bar, 6)
                ),
            )
        }
        13 => {
            let line = steps(&notes(root - 12, &[0, 0, 7, 0, 10, 0, 12, 7]), eighth * 2.0);
            (
                "acid line with snare",
                format!(
                    "0.25*({})*{}+{}+{}",
                    tone(&line, 10),
                    decay(eighth * 2.0, 3.0),
                    kick(bpm),
                    snare(bpm)
                ),
            )
        }
        14 => (
            "organ",
            format!(
                "0.1*({})",
                chord(root, &[0, 4, 7, 12, 19], &moves, bar * 2.0, 4)
            ),
        ),
        _ => {
            let line = steps(&notes(root + 24, &[0, 2, 4, 7, 9, 7, 4, 2]), eighth);
            (
                "music box and brushes",
                format!(
                    "0.3*sin(2*PI*({line})*t)*{}+0.1*sin(6*PI*({line})*t)*{}+0.06*(random(5)*2-1)*{}",
                    decay(eighth, 5.0),
                    decay(eighth, 9.0),
                    decay(bpm / 60.0, 7.0)
                ),
            )
        }
    }
}

fn music_graph(kind: usize, bpm: f32, root: i32, seconds: u32) -> (&'static str, String) {
    let (name, expression) = piece(kind, bpm, root);
    (
        name,
        format!(
            "aevalsrc='{}':s=16000:d={seconds},volume=0.5,alimiter=limit=0.9",
            expression.replace(',', "\\,")
        ),
    )
}

fn music(set: Set) -> Vec<Clip> {
    // Kinds 12 to 15 are never seen while fitting.
    let (kinds, tempos, roots): (Vec<usize>, [f32; 3], [i32; 3]) = match set {
        Set::Fit => (
            (0..12).chain(0..12).collect(),
            [92.0, 124.0, 140.0],
            [57, 60, 64],
        ),
        Set::Held => ((0..16).collect(), [84.0, 108.0, 168.0], [55, 62, 67]),
    };
    kinds
        .into_iter()
        .enumerate()
        .map(|(i, kind)| {
            let (bpm, root) = (tempos[(i + i / 12) % 3], roots[(i / 3) % 3]);
            let (name, graph) = music_graph(kind, bpm, root, 12);
            let room = if i % 4 == 3 {
                ",aecho=0.8:0.6:60|110:0.3|0.2"
            } else {
                ""
            };
            Clip {
                name: format!("music {name} {bpm} bpm"),
                what: What::Music,
                graph: format!("{graph}{room}[out]"),
            }
        })
        .collect()
}

fn mixed(set: Set) -> Vec<Clip> {
    let (lines, count, tempos) = match set {
        Set::Fit => (FIT_LINES, 12, [96.0, 128.0]),
        Set::Held => (HELD_LINES, 10, [88.0, 116.0]),
    };
    let voices = ["slt", "awb", "rms", "kal16"];
    let kinds = match set {
        Set::Fit => [0, 1, 2, 4, 7, 11],
        Set::Held => [3, 12, 13, 14, 0, 15],
    };
    (0..count)
        .map(|i| {
            let under = [9, 12, 10][i % 3];
            let who = voices[i % voices.len()];
            let spoken = voice(who, lines[(i * 3 + 1) % lines.len()], 1.05, 1.0, "");
            let (name, bed) = music_graph(kinds[i % kinds.len()], tempos[i % 2], 58 + i32::try_from(i).expect("small"), 30);
            // Both are brought to the same loudness first, so that the level below is what it says.
            let graph = format!(
                "{spoken},loudnorm=I=-20:TP=-2,aresample=16000[v];{bed},loudnorm=I=-20:TP=-2,aresample=16000,volume=-{under}dB[m];[v][m]amix=inputs=2:duration=first:normalize=0[out]"
            );
            Clip { name: format!("mixed {who} over {name} at -{under} dB"), what: What::Mixed, graph }
        })
        .collect()
}

fn noise(set: Set) -> Vec<Clip> {
    let (seed, gusts) = if set == Set::Fit {
        (11, 0.37)
    } else {
        (90, 0.53)
    };
    let source = |colour: &str, level: f32, more: u32| {
        format!(
            "anoisesrc=r=16000:c={colour}:a={level}:seed={}:d=12",
            seed + more
        )
    };
    let gusty = format!(",tremolo=f={gusts}:d=0.8");
    [
        ("wind", format!("{},lowpass=f=700", source("brown", 0.6, 0))),
        (
            "gusts of wind",
            format!("{},lowpass=f=500{gusty}", source("brown", 0.8, 1)),
        ),
        ("rumble", source("brown", 0.5, 2)),
        ("surf", format!("{}{gusty}", source("pink", 0.5, 3))),
        ("hiss", source("white", 0.1, 4)),
        (
            "rain",
            format!(
                "{},highpass=f=900,tremolo=f=13:d=0.5",
                source("pink", 0.6, 5)
            ),
        ),
        (
            "traffic",
            format!(
                "{},lowpass=f=1500,tremolo=f=0.2:d=0.6",
                source("brown", 0.7, 6)
            ),
        ),
        (
            "engine",
            format!(
                "{},bandpass=f=180:w=120,tremolo=f=22:d=0.4",
                source("pink", 0.9, 7)
            ),
        ),
    ]
    .into_iter()
    .map(|(name, graph)| Clip {
        name: format!("noise {name}"),
        what: What::Noise,
        graph: format!("{graph}[out]"),
    })
    .collect()
}

/// All clips of a set.
pub fn clips(set: Set) -> Vec<Clip> {
    [speech(set), music(set), mixed(set), noise(set)].concat()
}
