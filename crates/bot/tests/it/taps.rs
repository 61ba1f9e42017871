//! What can be tapped below an answer, on both channels: served from finished work, to whom it belongs.

use media::settings::SpeechEngine;
use serde_json::{Value, json};

use crate::world::telegram::{ANA, BIA, BOT, buttons, shown, titles};
use crate::world::{Choice, HEARD, OTHER, PERSON, World};

const REEL: &str = "https://www.instagram.com/reel/COceanTides/";
const FIRST: &str =
    "The moon pulls the sea toward it, and that is why we have high tide and low tide.";
const SECOND: &str = "Twice every day the water rises and falls along the coast.";
const LONG: &str = "https://www.instagram.com/reel/HLongLesson/";
/// More than one message of Instagram's takes.
const LESSON: &str = "Today I want to tell you about sleep. People who sleep eight hours remember more and make better decisions. \
The first rule is simple. Go to bed at the same time every night, even on the weekend. \
The second rule is about light. Turn off the screens one hour before bed, because blue light tells the brain that it is still day. \
The third rule is about coffee. Do not drink it after lunch, since half of it is still in your blood at midnight. \
The fourth rule is about noise. Close the window, or play the sound of rain until you fall asleep. \
Keep the bedroom cold, dark and quiet. If you cannot sleep after twenty minutes, get up and read a paper book until you are tired again. \
The fifth rule is about food. Eat early in the evening, and leave the heavy meals for the middle of the day. \
The sixth rule is about patience. A new habit needs three weeks before your body believes that you mean it. \
The last rule is about mornings. Open the curtains as soon as you wake up.";
const NOT_YOURS: &str =
    "Esse pedido é de outra pessoa. Me mande o link que eu vejo para você também.";
const NO_LONGER: &str = "Esse botão já não vale. Me mande o link de novo.";

/// Hears what is said in the samples, with its times.
fn hears_times(choice: &mut Choice) {
    choice.media.speech.engine = SpeechEngine::Remote;
    choice.media.speech.url = Some(choice.ai.clone());
}

/// How often anything was fetched, listened to or fitted: what a tap must not change.
async fn work_done(world: &World) -> (usize, usize, usize) {
    let asked = world.look("ai").await;
    let heard = asked["asked"]["transcriptions"]
        .as_array()
        .map_or(0, Vec::len);
    (world.downloads().await, heard, world.times_heard())
}

async fn text_of(media: &Value) -> String {
    let url = media["url"].as_str().expect("an address");
    let answer = reqwest::get(url).await.expect("an answer");
    answer.text().await.expect("text")
}

/// `00:00:04,500` in milliseconds.
fn millis(stamp: &str) -> i64 {
    let (clock, millis) = stamp.split_once(',').expect("a comma");
    let clock = clock.split(':').fold(0, |all, part| {
        all * 60 + part.parse::<i64>().expect("digits")
    });
    clock * 1_000 + millis.parse::<i64>().expect("digits")
}

/// Times of each cue.
fn cues(srt: &str) -> Vec<(i64, i64)> {
    srt.lines()
        .filter_map(|line| line.split_once(" --> "))
        .map(|(from, to)| (millis(from), millis(to)))
        .collect()
}

#[tokio::test]
async fn a_transcript_comes_as_two_files_on_telegram() {
    let world = World::both_with(hears_times).await;
    world.tell_words(ANA, REEL).await;
    let answer = world.said_in(ANA).await.remove(0);
    let length_ms = answer["media"]["given"]["duration"]
        .as_i64()
        .expect("a length")
        * 1_000;
    let before = work_done(&world).await;

    world.tap(ANA, "Transcrição completa").await;
    world.until_idle().await;
    let said = world.said_in(ANA).await;
    assert_eq!(said.len(), 3, "{said:?}");
    assert_eq!(shown(&said[1]), "[document] Transcrição de @dr.lua");
    assert_eq!(shown(&said[2]), "[document]");
    let name = |n: usize| said[n]["media"]["file_name"].as_str().unwrap_or_default();
    assert!(
        name(1) == "transcript-en.txt" && name(2) == "transcript-en.srt",
        "{said:?}"
    );

    assert_eq!(work_done(&world).await, before, "nothing was done anew");
    let txt = text_of(&said[1]["media"]).await;
    let lines: Vec<&str> = txt.lines().collect();
    assert_eq!(lines[0], format!("[0:00] {FIRST}"), "{txt}");
    assert!(lines[1].ends_with(SECOND), "{txt}");
    let srt = text_of(&said[2]["media"]).await;
    let words: String = srt
        .lines()
        .filter(|line| !line.contains("-->") && line.parse::<u32>().is_err())
        .collect::<Vec<_>>()
        .join(" ");
    assert_eq!(
        words.split_whitespace().collect::<Vec<_>>().join(" "),
        format!("{FIRST} {SECOND}")
    );
    let cues = cues(&srt);
    assert_eq!(cues.len(), 2, "{srt}");
    assert_eq!(cues[0].0 / 1_000, 0, "{srt}");
    assert!(cues.iter().all(|(from, to)| from < to), "{srt}");
    assert!(cues.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{srt}");
    let end_ms = cues[cues.len() - 1].1;
    assert!(
        (end_ms - length_ms).abs() <= 1_500,
        "{end_ms} of {length_ms}: {srt}"
    );
    // The second sentence begins where it is said: after its share of the letters.
    let share = FIRST.len() * 100 / (FIRST.len() + SECOND.len());
    let second = lines[1].strip_prefix("[0:0").and_then(|rest| rest.get(..1));
    let second: i64 = second.expect("a moment").parse().expect("a second");
    let wanted = length_ms / 1_000 * i64::try_from(share).expect("small") / 100;
    assert!((second - wanted).abs() <= 1, "{second} for {wanted}: {txt}");
}

#[tokio::test]
async fn a_transcript_comes_in_messages_on_instagram() {
    let world = World::both().await;
    world.says(LESSON);
    world.write(PERSON, json!({"text": LONG})).await;
    world.until_idle().await;
    let (_, chips) = world.chips(PERSON).await;
    let chips: Vec<&str> = chips
        .iter()
        .filter_map(|chip| chip["title"].as_str())
        .collect();
    assert_eq!(chips, ["Transcrição completa", "Só o áudio"]);
    let (seen, before) = (world.seen_by(PERSON).await.len(), work_done(&world).await);

    world.tap_chip(PERSON, "Transcrição completa").await;
    world.until_idle().await;
    let parts = world.seen_by(PERSON).await.split_off(seen);
    assert!(parts.len() >= 2, "longer than one message: {parts:?}");
    assert!(parts.iter().all(|part| part.len() <= 1_000));
    let words: Vec<&str> = parts
        .iter()
        .flat_map(|part| part.split_whitespace())
        .filter(|word| !word.starts_with('['))
        .collect();
    let words = words.join(" ");
    assert_eq!(words, format!("Transcrição de @calma.lab {LESSON}"));
    assert_eq!(work_done(&world).await, before);
}

#[tokio::test]
async fn the_sound_alone_comes_on_both_channels() {
    let world = World::both().await;
    world.tell_words(ANA, REEL).await;
    world.write(PERSON, json!({"text": REEL})).await;
    world.until_idle().await;
    let before = work_done(&world).await;
    world.tap(ANA, "Só o áudio").await;
    world.tap_chip(PERSON, "Só o áudio").await;
    world.until_idle().await;
    let said = world.said_in(ANA).await;
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(shown(&said[1]), "[audio] Só o áudio, de @dr.lua");
    let media = &said[1]["media"];
    assert_eq!(media["mime_type"], "audio/mp4", "{media}");
    assert!(
        media["given"]["duration"]
            .as_i64()
            .is_some_and(|n| (7..=10).contains(&n)),
        "{media}"
    );
    let seen = world.seen_by(PERSON).await;
    assert_eq!(seen.last().map(String::as_str), Some("[audio]"), "{seen:?}");
    assert_eq!(work_done(&world).await, before);

    // The next one gets it by its name.
    world.tell_words(BIA, REEL).await;
    world.tap(BIA, "Só o áudio").await;
    world.until_idle().await;
    let again = world.said_in(BIA).await;
    assert_eq!(again[1]["media"]["file_id"], media["file_id"]);
}

#[tokio::test]
async fn a_silent_video_has_no_sound_to_give() {
    let world = World::both().await;
    world
        .tell_words(ANA, "https://www.instagram.com/reel/DNoSoundSky/")
        .await;
    let answer = world.said_in(ANA).await.remove(0);
    assert_eq!(titles(&answer), [""; 0], "{answer}");
    world.tell_words(ANA, "só o áudio").await;
    world.tell_words(ANA, "transcrição").await;
    let read = world.read_in(ANA).await;
    assert_eq!(read[1], "Esse vídeo não tem som.");
    assert!(
        read[2].starts_with("Não ouvi ninguém falar nesse"),
        "{read:?}"
    );
}

#[tokio::test]
async fn another_language_is_written_from_what_was_heard() {
    let world = World::both_with(|choice| {
        hears_times(choice);
        choice.media.language.url = Some(choice.ai.clone());
    })
    .await;
    let question = format!("hello, what does this one say? {REEL}");
    world.tell_words(ANA, &question).await;
    world.write(PERSON, json!({"text": question})).await;
    world.until_idle().await;
    let answer = world.said_in(ANA).await.remove(0);
    assert_eq!(
        titles(&answer),
        ["Full transcript", "Audio only", "In Portuguese"]
    );
    let before = work_done(&world).await;
    let text = json!({"title": "Lua e mar", "kind": "speech",
        "bullets": ["A lua puxa o mar e por isso existem maré alta e maré baixa.",
            "Duas vezes por dia a água sobe e desce na costa."]});
    let script = json!({"chat": {"mode": "text", "text": text.to_string()}});
    world.control("ai", script).await;
    world.tap(ANA, "In Portuguese").await;
    world.tap_chip(PERSON, "In Portuguese").await;
    world.until_idle().await;
    let said = world.said_in(ANA).await;
    assert_eq!(said.len(), 2, "{said:?}");
    let seen = world.seen_by(PERSON).await;
    for text in [shown(&said[1]), seen[seen.len() - 1].clone()] {
        assert!(text.starts_with("Lua e mar\n• A lua puxa o mar"), "{text}");
        assert!(text.ends_with(&format!("Por @dr.lua · {REEL}")), "{text}");
    }
    assert_eq!(work_done(&world).await, before);
    // It was one answer in Portuguese, not a change of language.
    world.tell_words(ANA, "/quota").await;
    let read = world.read_in(ANA).await;
    assert!(read[2].starts_with("19 of 20 left for today."), "{read:?}");

    // A model that fails is said, not hidden.
    world.control("ai", json!({"chat": {"status": 500}})).await;
    world.tell_words(ANA, "summary in Spanish").await;
    let read = world.read_in(ANA).await;
    assert!(read[3].contains("offline"), "{read:?}");
}

#[tokio::test]
async fn a_chip_tries_again_on_instagram() {
    let world = World::both().await;
    let busy = json!({"match": {"path": "www.instagram.com/reel/*"}, "times": 0,
        "do": {"kind": "status", "status": 429}});
    world.control("faults", busy).await;
    world.write(PERSON, json!({"text": REEL})).await;
    world.until_idle().await;
    assert_eq!(world.charged(PERSON).await, 0);
    world.clear("faults").await;
    world.tap_chip(PERSON, "Tentar de novo").await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    let rest: Vec<&String> = seen
        .iter()
        .skip_while(|text| !text.starts_with("Vou tentar"))
        .collect();
    assert_eq!(rest[0], "Vou tentar de novo.", "{seen:?}");
    assert_eq!(rest[1], "[video]", "{seen:?}");
    assert!(rest[2].contains(HEARD), "{seen:?}");
    assert_eq!(world.charged(PERSON).await, 1);
    // What was answered is not done again.
    world.write(PERSON, json!({"text": "tenta de novo"})).await;
    world.until_idle().await;
    let last = world.seen_by(PERSON).await.pop().unwrap_or_default();
    assert!(
        last.starts_with("Não tenho nada para tentar de novo"),
        "{last}"
    );
}

/// A tap in Bia's chat on data that was given to somebody else, or to nobody.
async fn forged(world: &World, data: &str) -> String {
    world.tell(BIA, json!({"text": "oi"})).await;
    world.until_idle().await;
    let said = world.said_in(BIA).await;
    let person: i64 = BIA.parse().expect("a number");
    let user = json!({"id": person, "is_bot": false, "first_name": "Bia"});
    let bot: i64 = BOT.parse().expect("a number");
    let tap = json!({"callback_query": {
        "id": format!("77{}", said.len()), "from": user, "chat_instance": "-3", "data": data,
        "message": {
            "message_id": said[0]["id"], "date": world.now_ms() / 1_000,
            "chat": {"id": person, "type": "private", "first_name": "Bia"},
            "from": {"id": bot, "is_bot": true, "first_name": "Gramophone"},
            "text": "x",
        },
    }});
    world
        .control("telegram/updates", json!({"update": tap}))
        .await;
    world.pull().await;
    world.until_idle().await;
    world.read_in(BIA).await.pop().expect("an answer")
}

#[tokio::test]
async fn nobody_is_given_what_somebody_else_asked_for() {
    let world = World::both().await;
    world
        .tell(ANA, json!({"voice": {"code": "COceanTides"}}))
        .await;
    world.until_idle().await;
    let answer = world.said_in(ANA).await.remove(0);
    let data = buttons(&answer).next().expect("a button")["data"].clone();
    let data = data.as_str().expect("text");
    let job = data.strip_prefix("t:").expect("a transcript");
    for kind in ["t:{}", "a:{}", "l:{}:en", "r:{}"] {
        let said = forged(&world, &kind.replace("{}", job)).await;
        assert_eq!(said, NOT_YOURS, "{kind}");
    }
    let read = world.read_in(BIA).await;
    assert!(read.iter().all(|text| !text.contains(HEARD)), "{read:?}");

    // The same on Instagram, with a chip that was never shown there.
    let chip = json!({"text": "Transcrição completa", "quick_reply": {"payload": data}});
    world.write(OTHER, chip).await;
    world.until_idle().await;
    assert_eq!(world.seen_by(OTHER).await, [NOT_YOURS]);
}

#[tokio::test]
async fn buttons_of_nobody_are_said_to_be_of_no_use() {
    let world = World::both().await;
    for data in [
        "t:01900000000070008000000000000000",
        "x:1",
        "",
        "l:01900000000070008000000000000000:xx",
    ] {
        let said = forged(&world, if data.is_empty() { "?" } else { data }).await;
        assert_eq!(said, NO_LONGER, "{data:?}");
    }
    // On Instagram a chip has words, and those count.
    let chip = json!({"text": "Quantos ainda tenho", "quick_reply": {"payload": "x:1"}});
    world.write(PERSON, chip).await;
    world.until_idle().await;
    let seen = world.seen_by(PERSON).await;
    assert!(seen[0].starts_with("Ainda restam 20 de 20"), "{seen:?}");
}

/// A tap while the work is still going on.
#[tokio::test]
async fn what_is_still_on_its_way_is_said_to_be() {
    let world = World::both().await;
    world.hold(true);
    world.tell(ANA, json!({"text": REEL})).await;
    world.until_heard(1).await;
    world.tell(ANA, json!({"text": "tenta de novo"})).await;
    world
        .until_said(ANA, |said| {
            said.iter()
                .any(|one| shown(one) == "Esse ainda está a caminho; já te mando.")
        })
        .await;
    world.hold(false);
    world.until_idle().await;
    let read = world.read_in(ANA).await;
    assert_eq!(
        read.iter()
            .filter(|text| text.starts_with("[video]"))
            .count(),
        1,
        "{read:?}"
    );
    assert_eq!(world.charged_to(&World::chat(ANA)).await, 1);
}
