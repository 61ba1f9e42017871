//! Speech, music and silence told apart, on clips that the detector was not fitted on. The table that this prints
//! (`cargo test -p gramophone-media --test speech hearing -- --nocapture`) is the one in docs/speech.md.
#![allow(clippy::print_stdout)]

use media::vad::{Hearing, Sound, listen};

use crate::clips::{Clip, Set, What, clips, render};

fn hear(clip: &Clip) -> Hearing {
    listen(&clip.pcm())
}

#[test]
fn held_out_clips_are_told_apart() {
    let mut rows: Vec<(Clip, Hearing)> = Vec::new();
    for clip in clips(Set::Held) {
        let heard = hear(&clip);
        rows.push((clip, heard));
    }
    let mut failures = Vec::new();
    for (what, least, most_wrong, name) in [
        (What::Music, 12, 1, "music heard as speech"),
        (What::Speech, 12, 0, "speech missed"),
        (What::Mixed, 6, 1, "speech over music missed"),
        (What::Noise, 8, 1, "noise heard as speech"),
    ] {
        let of: Vec<_> = rows.iter().filter(|(clip, _)| clip.what == what).collect();
        assert!(of.len() >= least);
        let wrong: Vec<&str> = of
            .iter()
            .filter(|(_, heard)| {
                (heard.sound == Sound::Speech) == matches!(what, What::Music | What::Noise)
            })
            .map(|(clip, _)| clip.name.as_str())
            .collect();
        println!(
            "| {name} | {} of {} | {} |",
            wrong.len(),
            of.len(),
            wrong.join(", ")
        );
        if wrong.len() > most_wrong {
            failures.push(name);
        }
        let share = |f: fn(&Hearing) -> u64| {
            let all: u64 = of.iter().map(|(_, heard)| heard.total_ms).sum();
            100 * of.iter().map(|(_, heard)| f(heard)).sum::<u64>() / all
        };
        println!(
            "|   time called speech | {} % | |",
            share(|heard| heard.speech_ms)
        );
    }
    for (clip, heard) in &rows {
        println!(
            "{:?} {} of {} ms: {}",
            heard.sound, heard.speech_ms, heard.total_ms, clip.name
        );
    }
    assert!(failures.is_empty(), "{failures:?}");
}

#[test]
fn silence_noise_and_tones_hold_no_speech() {
    for (graph, expected) in [
        ("anullsrc=r=16000:cl=mono:d=8[out]", Sound::Silence),
        (
            "anoisesrc=r=16000:c=white:a=0.0005:seed=3:d=8[out]",
            Sound::Silence,
        ),
        (
            "anoisesrc=r=16000:c=white:a=0.2:seed=3:d=8[out]",
            Sound::Music,
        ),
        (
            "anoisesrc=r=16000:c=pink:a=0.5:seed=4:d=8[out]",
            Sound::Music,
        ),
        (
            "anoisesrc=r=16000:c=brown:a=0.5:seed=5:d=8[out]",
            Sound::Music,
        ),
        ("sine=f=440:r=16000:d=8[out]", Sound::Music),
        ("sine=f=220:b=4:r=16000:d=8[out]", Sound::Music),
    ] {
        let heard = listen(&render(graph));
        assert_eq!(heard.sound, expected, "{graph}: {heard:?}");
        assert!(heard.spans.is_empty());
    }
}

#[test]
fn spans_find_the_speech_between_the_music() {
    // Six seconds of music, a sentence, six seconds of music.
    let graph = "aevalsrc='0.3*sin(2*PI*262*t)+0.2*sin(2*PI*330*t)+0.2*sin(2*PI*392*t)':s=16000:d=6[a];\
                 flite=text='The museum opens at nine and closes at five on every day but Monday. Bring your ticket and a coat.':voice=slt,aresample=16000[b];\
                 aevalsrc='0.3*sin(2*PI*294*t)+0.2*sin(2*PI*370*t)+0.2*sin(2*PI*440*t)':s=16000:d=6[c];\
                 [a][b][c]concat=n=3:v=0:a=1[out]";
    let pcm = render(graph);
    let total_ms = pcm.len() as u64 / 16;
    let heard = listen(&pcm);
    assert_eq!(heard.sound, Sound::Speech);
    let truth = (6_000, total_ms - 6_000);
    let inside: u64 = heard
        .spans
        .iter()
        .map(|s| s.overlap_ms(truth.0, truth.1))
        .sum();
    let outside: u64 = heard
        .spans
        .iter()
        .map(media::vad::Span::length_ms)
        .sum::<u64>()
        - inside;
    let spoken = truth.1 - truth.0;
    println!("spoken {spoken} ms, found {inside} ms, outside {outside} ms");
    assert!(inside * 100 >= spoken * 80, "{heard:?}");
    assert!(outside <= 3_000, "{heard:?}");
}
