//! The conversation around the answers, on both channels: language, allowance, history, search, silence.

use serde_json::json;

use crate::world::telegram::{ANA, BIA, titles};
use crate::world::{HEARD, OTHER, PERSON, World};

const REEL: &str = "https://www.instagram.com/reel/COceanTides/";
const BREAD: &str = "https://www.instagram.com/reel/CPaoCaseiro/";
const MUSIC: &str = "https://www.instagram.com/reel/CBeatSunset/";

/// What somebody on Instagram is told when they write this.
async fn told(world: &World, person: &str, words: &str) -> String {
    world.write(person, json!({"text": words})).await;
    world.until_idle().await;
    world.seen_by(person).await.pop().unwrap_or_default()
}

/// The same on Telegram.
async fn told_in(world: &World, chat: &str, words: &str) -> String {
    world.tell_words(chat, words).await;
    world.read_in(chat).await.pop().unwrap_or_default()
}

#[tokio::test]
async fn the_language_that_was_chosen_stays() {
    let world = World::both().await;
    let which = "Falo português, inglês e espanhol. Qual você prefere?";
    assert_eq!(told_in(&world, ANA, "/idioma").await, which);
    let said = world.said_in(ANA).await;
    assert_eq!(titles(&said[0]), ["Português", "English", "Español"]);
    world.tap(ANA, "Español").await;
    world.until_idle().await;
    let read = world.read_in(ANA).await;
    assert_eq!(read[1], "Listo, desde ahora te hablo en español.");
    let profile = told_in(
        &world,
        ANA,
        "what is this? https://www.instagram.com/fulano/",
    )
    .await;
    assert!(
        profile.starts_with("Ese enlace es de un perfil"),
        "{profile}"
    );

    assert_eq!(told(&world, PERSON, "idioma").await, which);
    world.tap_chip(PERSON, "English").await;
    world.until_idle().await;
    let profile = told(
        &world,
        PERSON,
        "o que é isso? https://www.instagram.com/fulano/",
    )
    .await;
    assert!(profile.starts_with("That link is a profile."), "{profile}");
    let now = told(&world, PERSON, "fala comigo em português").await;
    assert_eq!(now, "Pronto, agora falo português com você.");
}

#[tokio::test]
async fn commands_are_understood_in_three_languages() {
    let world = World::both_with(|choice| choice.settings.brake.per_minute = 10_000).await;
    for (words, begins) in [
        ("/ajuda", "Oi! Me mande o link de um reel"),
        ("/cota", "Ainda restam 20 de 20 hoje."),
        ("/historico", "Você ainda não me mandou nada."),
        ("/buscar", "O que eu procuro?"),
        (
            "quantos ainda posso mandar hoje?",
            "Ainda restam 20 de 20 hoje.",
        ),
        ("acha aquele do pão", "Não achei “pão”"),
        ("só o áudio", "Ainda não tenho nenhum vídeo seu."),
        ("tenta de novo", "Não tenho nada para tentar de novo."),
        ("/language en", "Done, from now on I speak English"),
        ("/help", "Hi! Send me the link of an Instagram reel"),
        ("how many are left today?", "20 of 20 left for today."),
        ("/history", "You have not sent me anything yet."),
        ("find the one about sourdough", "I did not find “sourdough”"),
        ("/idioma es", "Listo, desde ahora te hablo en español."),
        ("/ayuda", "¡Hola! Mándame el enlace"),
        ("¿cuántos me quedan hoy?", "Te quedan 20 de 20 hoy."),
        ("mi historial", "Todavía no me has mandado nada."),
        ("busca el del pan", "No encontré «pan»"),
    ] {
        let answer = told_in(&world, ANA, words).await;
        assert!(answer.starts_with(begins), "{words}: {answer}");
    }
    for (words, begins) in [
        ("ajuda", "Oi! Me mande um reel"),
        ("limite", "Ainda restam 20 de 20 hoje."),
        ("histórico", "Você ainda não me mandou nada."),
        ("speak english", "Done, from now on I speak English"),
        ("help", "Hi! Send me an Instagram reel"),
        ("my quota", "20 of 20 left for today."),
        (
            "habla en español",
            "Listo, desde ahora te hablo en español.",
        ),
        ("ayuda", "¡Hola! Mándame un reel"),
        ("mi cuota", "Te quedan 20 de 20 hoy."),
    ] {
        let answer = told(&world, PERSON, words).await;
        assert!(answer.starts_with(begins), "{words}: {answer}");
    }
}

#[tokio::test]
async fn the_first_words_say_how_it_works_and_what_can_be_asked() {
    let world = World::both().await;
    let hello = told_in(&world, ANA, "/start").await;
    assert!(hello.starts_with("Que bom te ver por aqui!"), "{hello}");
    assert!(
        hello.contains("/buscar") && hello.contains("/esquecer"),
        "{hello}"
    );
    let said = world.said_in(ANA).await;
    let menu = [
        "Meus vídeos",
        "Procurar um vídeo",
        "Quantos ainda tenho",
        "Mudar idioma",
    ];
    assert_eq!(titles(&said[0]), menu);
    world.tap(ANA, "Quantos ainda tenho").await;
    world.until_idle().await;
    let read = world.read_in(ANA).await;
    assert!(
        read[1].starts_with("Ainda restam 20 de 20 hoje."),
        "{read:?}"
    );

    let help = told(&world, PERSON, "ajuda").await;
    assert!(help.contains("esqueça de mim"), "{help}");
    world.tap_chip(PERSON, "Meus vídeos").await;
    world.until_idle().await;
    let last = world.seen_by(PERSON).await.pop().unwrap_or_default();
    assert!(last.starts_with("Você ainda não me mandou nada."), "{last}");
}

#[tokio::test]
async fn what_is_left_is_counted_for_each_person() {
    let world = World::both_with(|choice| choice.settings.daily_limit = 2).await;
    world.tell_words(ANA, REEL).await;
    let left = told_in(&world, ANA, "/cota").await;
    assert!(
        left.starts_with("Ainda resta 1 de 2 hoje. Volto a contar à meia-noite"),
        "{left}"
    );
    let left = told_in(&world, BIA, "/cota").await;
    assert!(left.starts_with("Ainda restam 2 de 2 hoje."), "{left}");
    world.tell_words(ANA, REEL).await;
    let over = told_in(&world, ANA, REEL).await;
    assert!(over.starts_with("Você já usou seus 2 de hoje."), "{over}");
    assert_eq!(world.charged_to(&World::chat(ANA)).await, 2);
    let videos = |read: &[String]| {
        read.iter()
            .filter(|text| text.starts_with("[video]"))
            .count()
    };
    assert_eq!(videos(&world.read_in(ANA).await), 2);
    world.advance(24 * 3_600_000).await;
    let left = told_in(&world, ANA, "/cota").await;
    assert!(left.starts_with("Ainda restam 2 de 2 hoje."), "{left}");
}

#[tokio::test]
async fn history_lists_the_latest_first() {
    let world = World::both().await;
    for link in [REEL, BREAD] {
        world.tell_words(ANA, link).await;
        world.advance(60_000).await;
    }
    world.tell_words(BIA, MUSIC).await;
    let list = told_in(&world, ANA, "/historico").await;
    assert!(list.starts_with("Seus últimos vídeos:\n• "), "{list}");
    let (bread, reel) = (list.find(BREAD), list.find(REEL));
    assert!(bread.is_some() && bread < reel, "{list}");
    assert!(
        list.contains("@nina.na.cozinha") && list.contains(" de nov"),
        "{list}"
    );
    assert!(!list.contains(MUSIC), "only their own: {list}");
}

#[tokio::test]
async fn something_is_found_by_what_was_said_and_by_the_caption() {
    let world = World::both_with(|choice| {
        choice.media.speech.engine = media::settings::SpeechEngine::Remote;
        choice.media.speech.url = Some(choice.ai.clone());
    })
    .await;
    for link in [REEL, BREAD, MUSIC] {
        world.tell_words(ANA, link).await;
        world.write(PERSON, json!({"text": link})).await;
        world.until_idle().await;
    }
    for (query, found, says) in [
        // Said, with its moment.
        ("find the one about the oven", BREAD, "at 0:0"),
        (
            "find the one about high tide",
            REEL,
            "at 0:00: “The moon pulls",
        ),
        // A typo.
        ("find the one about the ovven", BREAD, "very hot oven"),
        // An accent less than in the caption.
        (
            "acha aquele da familia",
            BREAD,
            "na legenda: “Domingo é dia",
        ),
        // An accent more.
        ("acha aquele do óven", BREAD, "very hot oven"),
        // Who posted it.
        ("acha aquele da nina", BREAD, "@nina.na.cozinha"),
        ("acha aquele da astronomia", "", "Não achei “astronomia”"),
    ] {
        for answer in [
            told_in(&world, ANA, query).await,
            told(&world, PERSON, query).await,
        ] {
            let first = answer.find("https://").map_or("", |at| &answer[at..]);
            assert!(first.starts_with(found), "{query}: {answer}");
            assert!(answer.contains(says), "{query}: {answer}");
        }
    }
    // Nobody finds what others sent.
    let none = told_in(&world, BIA, "find the one about the oven").await;
    assert!(none.starts_with("I did not find “oven”"), "{none}");
}

#[tokio::test]
async fn who_says_stop_is_sent_nothing() {
    let world = World::both().await;
    let stopped = "Tudo certo, não te mando mais nada. Se mudar de ideia, mande /start.";
    assert_eq!(told_in(&world, ANA, "/parar").await, stopped);
    let silent = told(&world, PERSON, "parar").await;
    assert!(
        silent.starts_with("Tudo certo, não te mando mais nada."),
        "{silent}"
    );
    for words in [REEL, "oi", "/cota", "histórico"] {
        world.tell_words(ANA, words).await;
        world.write(PERSON, json!({"text": words})).await;
        world.until_idle().await;
    }
    assert_eq!(world.read_in(ANA).await, [stopped]);
    assert_eq!(world.seen_by(PERSON).await.len(), 1);
    assert_eq!(
        (world.downloads().await, world.notes("reel").await.len()),
        (0, 0)
    );

    let back = told_in(&world, ANA, "/start").await;
    assert!(
        back.starts_with("Voltei! Pode mandar um reel ou um post."),
        "{back}"
    );
    let back = told(&world, PERSON, "voltar").await;
    assert!(back.starts_with("Voltei!"), "{back}");
    let answer = told_in(&world, ANA, REEL).await;
    assert!(
        answer.starts_with("[video]") && answer.contains(HEARD),
        "{answer}"
    );
    assert!(told(&world, PERSON, REEL).await.contains(HEARD));
}

/// What was on its way when somebody said stop does not arrive.
#[tokio::test]
async fn stop_calls_off_what_is_on_its_way() {
    let world = World::both().await;
    world.hold(true);
    world.tell(ANA, json!({"text": REEL})).await;
    world.write(PERSON, json!({"text": BREAD})).await;
    world.until_heard(2).await;
    // And one that has not begun.
    world.tell(ANA, json!({"text": MUSIC})).await;
    world.tell(ANA, json!({"text": "/parar"})).await;
    world.write(PERSON, json!({"text": "parar"})).await;
    world
        .until_said(ANA, |said| {
            said.iter().any(|one| {
                one["text"]
                    .as_str()
                    .is_some_and(|text| text.starts_with("Tudo certo"))
            })
        })
        .await;
    world.until_seen(PERSON, 1).await;
    world.hold(false);
    world.until_idle().await;
    let read = world.read_in(ANA).await;
    assert_eq!(read.len(), 1, "nothing but the last word: {read:?}");
    assert!(read[0].starts_with("Tudo certo"), "{read:?}");
    let seen = world.seen_by(PERSON).await;
    assert!(
        seen.iter()
            .all(|text| text != "[video]" && !text.contains(HEARD)),
        "{seen:?}"
    );
    assert_eq!(world.charged(PERSON).await, 0, "given back");
    assert_eq!(world.charged_to(&World::chat(ANA)).await, 0, "given back");
    // Somebody else who asked for the same is answered.
    assert!(told(&world, OTHER, REEL).await.contains(HEARD));
}
