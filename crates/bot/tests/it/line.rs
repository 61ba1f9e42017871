//! The line that reels wait in: told truthfully, and fair.

use serde_json::json;

use crate::world::telegram::{ANA, BIA, shown};
use crate::world::{HEARD, OTHER, PERSON, World};

const CARLA: &str = "5550000303";
const DORA: &str = "5550000404";

fn link(code: &str) -> String {
    format!("https://www.instagram.com/reel/{code}/")
}

#[tokio::test]
async fn a_place_in_line_is_told_as_it_is() {
    let world = World::both().await;
    world.hold(true);
    // Two are being worked on, which is all hands.
    world.tell(ANA, json!({"text": link("COceanTides")})).await;
    world.tell(BIA, json!({"text": link("CPaoCaseiro")})).await;
    world.until_heard(2).await;
    for (chat, place) in [
        (CARLA, "Você é o próximo da fila."),
        (DORA, "Você é o 2º da fila."),
    ] {
        world.tell(chat, json!({"text": link("ENightStars")})).await;
        let said = world.until_said(chat, |said| !said.is_empty()).await;
        assert_eq!(shown(&said[0]), place);
    }
    world
        .write(PERSON, json!({"text": link("FCoffeeBrew")}))
        .await;
    let seen = world.until_seen(PERSON, 1).await;
    assert_eq!(seen, ["Você é o 3º da fila."]);
    world
        .write(
            OTHER,
            json!({"text": format!("what is this one about? {}", link("FTravelPack"))}),
        )
        .await;
    let seen = world.until_seen(OTHER, 1).await;
    assert_eq!(seen, ["You are 4th in line."]);
    world.hold(false);
    world.until_idle().await;
    for chat in [ANA, BIA, CARLA, DORA] {
        let read = world.read_in(chat).await;
        assert_eq!(read.len(), 1, "{read:?}");
        assert!(
            read[0].starts_with("[video]") && read[0].contains(HEARD),
            "{read:?}"
        );
    }
    for person in [PERSON, OTHER] {
        let seen = world.seen_by(person).await;
        assert_eq!(seen.len(), 3, "{seen:?}");
    }
}

/// Fifty links of one person stand behind the first of everybody else.
#[tokio::test]
async fn one_persons_fifty_delay_nobodys_first() {
    let mut world = World::both_with(|choice| choice.settings.daily_limit = 100).await;
    world.kill().await;
    let codes = [
        "COceanTides",
        "CPaoCaseiro",
        "ENightStars",
        "FCoffeeBrew",
        "FTravelPack",
    ];
    let five: Vec<String> = codes.iter().map(|code| link(code)).collect();
    for _ in 0..10 {
        world.tell(ANA, json!({"text": five.join(" ")})).await;
    }
    world.tell(BIA, json!({"text": five[0]})).await;
    world.write(PERSON, json!({"text": five[1]})).await;
    world.start();
    world.until_idle().await;
    let answered = world.answered();
    assert_eq!(answered.len(), 52, "{answered:?}");
    for person in [BIA, PERSON] {
        let at = answered.iter().position(|one| one == person);
        assert!(
            at.is_some_and(|at| at < 5),
            "{person} is {at:?}: {answered:?}"
        );
    }
    assert_eq!(world.charged_to(&World::chat(ANA)).await, 50);
    assert_eq!(world.times_heard(), 5);
    let read = world.read_in(ANA).await;
    assert_eq!(read.len(), 50);
    assert!(
        read.iter().all(|text| text.starts_with("[video]")),
        "{read:?}"
    );
}
