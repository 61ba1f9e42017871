//! Insights: every number equals the seed, and everything is refused as Meta refuses it.
//! Longer than other files, because one table of rules is tested in one place.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Answer, FACEBOOK, INSTAGRAM, World};

const DAY_MS: i64 = 24 * 3_600_000;

fn message(answer: &Answer) -> String {
    assert_eq!(answer.error().0, 100, "{}", answer.body);
    answer.body["error"]["message"].as_str().unwrap().to_owned()
}

fn find<'a>(seed: &'a Value, list: &str, wanted: impl Fn(&Value) -> bool) -> &'a Value {
    let media = seed[list].as_array().unwrap();
    media.iter().find(|media| wanted(media)).unwrap()
}

fn id(media: &Value) -> &str {
    media["id"].as_str().unwrap()
}

/// Seconds of Pacific midnight at the end of a day of the seed: winter or summer, as Meta's `end_time` says.
fn end_of(date: &str) -> i64 {
    let zone = jiff::tz::TimeZone::posix("PST8PDT,M3.2.0,M11.1.0").unwrap();
    let date: jiff::civil::Date = date.parse().unwrap();
    date.tomorrow()
        .unwrap()
        .to_zoned(zone)
        .unwrap()
        .timestamp()
        .as_second()
}

/// `count` days of the seed that end `back` days before the newest whose numbers are final.
pub(crate) async fn settled(
    world: &World,
    seed: &Value,
    (back, count): (usize, usize),
) -> Vec<Value> {
    let now_ms = world.look("clock").await["now_ms"].as_i64().unwrap();
    let days: Vec<Value> = seed["days"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|day| end_of(day["date"].as_str().unwrap()) * 1_000 < now_ms - 3 * DAY_MS)
        .cloned()
        .collect();
    let end = days.len() - back;
    days[end - count..end].to_vec()
}

/// `since` and `until` around these days.
pub(crate) fn around(days: &[Value]) -> String {
    let date = |day: &Value| day["date"].as_str().unwrap().to_owned();
    let zone = jiff::tz::TimeZone::posix("PST8PDT,M3.2.0,M11.1.0").unwrap();
    let first: jiff::civil::Date = date(&days[0]).parse().unwrap();
    let since = first.to_zoned(zone).unwrap().timestamp().as_second();
    format!(
        "since={since}&until={}",
        end_of(&date(&days[days.len() - 1]))
    )
}

fn numbers(days: &[Value], name: &str) -> Vec<u64> {
    days.iter().map(|day| day[name].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn media_metrics_equal_the_seed_for_each_kind() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let reel = find(&seed, "media", |media| {
        media["media_product_type"] == "REELS"
    });
    let photo = find(&seed, "media", |media| media["media_type"] == "IMAGE");
    let story = &seed["stories"][1];
    for (media, metrics) in [
        (
            reel,
            "views,reach,likes,comments,saved,shares,total_interactions,reposts,ig_reels_avg_watch_time,ig_reels_video_view_total_time,reels_skip_rate",
        ),
        (
            photo,
            "views,reach,likes,comments,saved,shares,total_interactions,follows,profile_visits,profile_activity",
        ),
        (
            story,
            "views,reach,shares,replies,total_interactions,navigation,follows",
        ),
    ] {
        for host in [INSTAGRAM, FACEBOOK] {
            let answer = world
                .get(&format!("{host}/{}/insights?metric={metrics}", id(media)))
                .await
                .body;
            let names: Vec<&str> = metrics.split(',').collect();
            for (item, name) in answer["data"].as_array().unwrap().iter().zip(&names) {
                assert_eq!(item["name"], *name);
                assert_eq!(item["period"], "lifetime");
                assert_eq!(
                    item["values"],
                    json!([{"value": media["metrics"][*name]}]),
                    "{name}"
                );
                assert_eq!(
                    item["id"],
                    format!("{}/insights/{name}/lifetime", id(media))
                );
            }
            assert_eq!(answer["data"].as_array().unwrap().len(), names.len());
        }
    }
}

#[tokio::test]
async fn one_wrong_metric_fails_the_whole_call() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let reel = find(&seed, "media", |media| {
        media["media_product_type"] == "REELS"
    });
    let path = format!("{INSTAGRAM}/{}/insights?metric=", id(reel));
    let ask = async |metrics: &str| world.get(&format!("{path}{metrics}")).await;
    assert_eq!(
        message(&ask("reach,follows,profile_visits").await),
        "(#100) The Media Insights API does not support the follows, profile_visits metric for this media product type."
    );
    let unknown = message(&ask("reach,nonsense").await);
    assert!(
        unknown.starts_with("(#100) metric[1] must be one of the following values: views, reach")
    );
    assert!(
        !unknown.contains("impressions") && !unknown.contains("link_clicks"),
        "{unknown}"
    );
    assert!(message(&ask("impressions").await).contains("no longer supported"));
    assert_eq!(
        message(&ask("").await),
        "(#100) The parameter metric is required"
    );
    assert_eq!(
        message(&ask("reach&breakdown=follow_type").await),
        "(#100) Incompatible breakdowns (follow_type) for metric (reach)"
    );
    world.sim("insights", json!({"refuse": ["reach"]})).await;
    assert!(message(&ask("views,reach").await).starts_with("(#100) metric[1] must be one of"));
    assert_eq!(ask("views").await.status, 200, "the others live on");
}

#[tokio::test]
async fn media_without_insights_says_why() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let since = seed["account"]["professional_since"].as_str().unwrap();
    let old = find(&seed, "media", |media| {
        media["timestamp"].as_str().unwrap() < since
    });
    let answer = world
        .get(&format!("{INSTAGRAM}/{}/insights?metric=reach", id(old)))
        .await;
    assert_eq!(answer.error(), (100, Some(2_108_006)));
    assert!(
        answer.body["error"]["error_user_msg"]
            .as_str()
            .unwrap()
            .contains("business account")
    );
    let child = id(&seed["children"][0]);
    let answer = world
        .get(&format!("{INSTAGRAM}/{child}/insights?metric=reach"))
        .await;
    assert!(message(&answer).contains("album"));
    let few = find(&seed, "stories", |story| story["metrics"]["reach"] == 3);
    let answer = world
        .get(&format!("{FACEBOOK}/{}/insights?metric=reach", id(few)))
        .await;
    assert_eq!(answer.error(), (10, None));
    assert_eq!(
        answer.body["error"]["message"],
        "(#10) Not enough viewers for the media to show insights"
    );
}

#[tokio::test]
async fn breakdowns_of_media_add_up() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let photo = find(&seed, "media", |media| media["media_type"] == "IMAGE");
    for (media, metric, key) in [
        (photo, "profile_activity", "action_type"),
        (
            &seed["stories"][1],
            "navigation",
            "story_navigation_action_type",
        ),
    ] {
        let path = format!(
            "{FACEBOOK}/{}/insights?metric={metric}&breakdown={key}",
            id(media)
        );
        let total = world.get(&path).await.body["data"][0]["total_value"].clone();
        assert_eq!(total["value"], media["metrics"][metric]);
        assert_eq!(total["breakdowns"][0]["dimension_keys"], json!([key]));
        let rows = total["breakdowns"][0]["results"].as_array().unwrap().iter();
        let sum: u64 = rows.map(|row| row["value"].as_u64().unwrap()).sum();
        assert_eq!(json!(sum), total["value"]);
    }
}

#[tokio::test]
async fn a_list_can_carry_insights_and_one_row_without_is_a_choice() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let list = format!(
        "{INSTAGRAM}/me/media?limit=50&fields=id,insights.metric(views,reach){{name,values}}"
    );
    for row in world.get(&list).await.body["data"].as_array().unwrap() {
        let truth = find(&seed, "media", |media| media["id"] == row["id"]);
        assert_eq!(
            row["insights"]["data"][1]["values"][0]["value"],
            truth["metrics"]["reach"]
        );
    }
    let mixed = format!("{INSTAGRAM}/me/media?limit=50&fields=id,insights.metric(follows)");
    let rows = world.get(&mixed).await.body["data"]
        .as_array()
        .unwrap()
        .clone();
    assert!(
        rows.iter().any(|row| row.get("insights").is_none()),
        "reels have no follows"
    );
    assert!(rows.iter().any(|row| row.get("insights").is_some()));
    world.sim("insights", json!({"expansion": "fails"})).await;
    assert!(message(&world.get(&mixed).await).contains("does not support the follows metric"));
}

#[tokio::test]
async fn reach_comes_by_day_and_people_are_counted_once() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let days = settled(&world, &seed, (0, 10)).await;
    let base = format!("{INSTAGRAM}/me/insights?metric=reach&{}", around(&days));
    let answer = world.get(&format!("{base}&period=day")).await.body;
    let values = answer["data"][0]["values"].as_array().unwrap();
    assert_eq!(values.len(), 10);
    for (value, day) in values.iter().zip(&days) {
        assert_eq!(value["value"], day["reach"]);
        let end = end_of(day["date"].as_str().unwrap());
        let spelled = jiff::Timestamp::from_second(end)
            .unwrap()
            .strftime("%Y-%m-%dT%H:%M:%S+0000")
            .to_string();
        assert_eq!(value["end_time"], spelled);
    }
    assert!(
        answer["paging"]["next"]
            .as_str()
            .unwrap()
            .contains("access_token=")
    );
    for (period, name) in [("week", "reach_week"), ("days_28", "reach_days_28")] {
        let answer = world.get(&format!("{base}&period={period}")).await.body;
        let values = answer["data"][0]["values"].as_array().unwrap().iter();
        assert_eq!(
            values
                .map(|value| value["value"].as_u64().unwrap())
                .collect::<Vec<_>>(),
            numbers(&days, name)
        );
    }
    let total = world
        .get(&format!("{base}&period=day&metric_type=total_value"))
        .await
        .body;
    let each = numbers(&days, "reach");
    let share = seed["rules"]["unique_permille"][9].as_u64().unwrap();
    let unique = (each.iter().sum::<u64>() * share / 1_000).max(*each.iter().max().unwrap());
    assert_eq!(total["data"][0]["total_value"]["value"], unique);
    let week = settled(&world, &seed, (0, 7)).await;
    let path = format!(
        "{INSTAGRAM}/me/insights?metric=reach&metric_type=total_value&period=day&{}",
        around(&week)
    );
    assert_eq!(
        world.get(&path).await.body["data"][0]["total_value"]["value"],
        week[6]["reach_week"]
    );
}

#[tokio::test]
async fn totals_equal_the_seed_day_by_day_and_split_into_parts() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let names = "views,total_interactions,likes,comments,shares,saves,replies,reposts,profile_views,website_clicks,profile_links_taps";
    for count in [1, 30] {
        let days = settled(&world, &seed, (90, count)).await;
        let path = format!(
            "{FACEBOOK}/{ACCOUNT}/insights?metric={names}&metric_type=total_value&period=day&{}",
            around(&days)
        );
        let answer = world.get(&path).await.body;
        for (item, name) in answer["data"]
            .as_array()
            .unwrap()
            .iter()
            .zip(names.split(','))
        {
            assert_eq!(
                item["total_value"]["value"],
                numbers(&days, name).iter().sum::<u64>(),
                "{name}"
            );
        }
    }
    let days = settled(&world, &seed, (0, 5)).await;
    let path = format!(
        "{FACEBOOK}/{ACCOUNT}/insights?metric=follows_and_unfollows&metric_type=total_value&period=day&breakdown=follow_type&{}",
        around(&days)
    );
    let total = world.get(&path).await.body["data"][0]["total_value"]["breakdowns"][0].clone();
    assert_eq!(
        total["results"][0]["value"],
        numbers(&days, "follows").iter().sum::<u64>()
    );
    let path = format!(
        "{FACEBOOK}/{ACCOUNT}/insights?metric=views&metric_type=total_value&period=day&breakdown=media_product_type&{}",
        around(&days)
    );
    let total = world.get(&path).await.body["data"][0]["total_value"].clone();
    let rows = total["breakdowns"][0]["results"].as_array().unwrap().iter();
    assert_eq!(
        total["value"],
        rows.map(|row| row["value"].as_u64().unwrap()).sum::<u64>()
    );
    let late = format!(
        "{FACEBOOK}/{ACCOUNT}/insights?metric=follows_and_unfollows&metric_type=total_value&period=day&breakdown=follow_type"
    );
    let late = world.get(&late).await.body["data"][0]["total_value"]["breakdowns"][0].clone();
    assert!(
        late.get("results").is_none(),
        "one to two days late: {late}"
    );
}

#[tokio::test]
async fn the_newest_days_still_grow() {
    let world = World::without_webhook().await;
    let path = format!("{INSTAGRAM}/me/insights?metric=reach&period=day");
    let before = world.get(&path).await.body["data"][0]["values"][1].clone();
    world
        .sim("clock", json!({"advance_ms": 10 * 3_600_000}))
        .await;
    let span = before["end_time"].as_str().unwrap().replace('+', "%2B");
    let at: jiff::Timestamp = before["end_time"]
        .as_str()
        .unwrap()
        .replace("+0000", "Z")
        .parse()
        .unwrap();
    let path = format!("{path}&since={}&until={span}", at.as_second() - 3_600);
    let after = world.get(&path).await.body["data"][0]["values"][0].clone();
    assert_eq!(after["end_time"], before["end_time"]);
    assert!(
        after["value"].as_u64() > before["value"].as_u64(),
        "{before} {after}"
    );
}

/// Longer than other functions, because it is a list of rules.
#[tokio::test]
async fn account_calls_have_rules() {
    let world = World::without_webhook().await;
    let ask = async |query: &str| world.get(&format!("{INSTAGRAM}/me/insights?{query}")).await;
    assert_eq!(
        message(&ask("metric=reach,views,profile_views&period=day").await),
        "(#100) The following metrics (views,profile_views) should be specified with parameter metric_type=total_value"
    );
    assert_eq!(
        message(&ask("metric=reach").await),
        "(#100) The parameter period is required"
    );
    assert!(
        message(&ask("metric=nonsense&period=day").await)
            .starts_with("(#100) metric[0] must be one of")
    );
    assert!(message(&ask("metric=impressions&period=day").await).contains("no longer supported"));
    assert_eq!(
        message(&ask("metric=likes&period=week&metric_type=total_value").await),
        "(#100) Incompatible metrics (likes) with period (week)"
    );
    assert!(
        message(
            &ask("metric=views&period=day&metric_type=total_value&breakdown=follower_type").await
        )
        .contains("Incompatible breakdowns")
    );
    let now = world.look("clock").await["now_ms"].as_i64().unwrap() / 1_000;
    let window = async |metric: &str, from: i64, to: i64| {
        let (since, until) = (now - from * 86_400, now - to * 86_400);
        ask(&format!(
            "metric={metric}&period=day&since={since}&until={until}"
        ))
        .await
    };
    assert_eq!(
        message(&window("reach", 31, 0).await),
        "(#100) There cannot be more than 30 days (2592000 s) between since and until"
    );
    assert_eq!(window("reach", 729, 715).await.status, 200);
    assert_eq!(
        message(&window("reach", 731, 715).await),
        "(#100) since param is not valid. Metrics data is available for the last 2 years"
    );
    assert!(message(&window("reach", 1, 2).await).contains("since"));
    assert_eq!(
        message(&window("follower_count", 60, 40).await),
        "(#100) (follower_count) metric only supports querying data for the last 30 days excluding the current day"
    );
    assert_eq!(
        window("follower_count", 20, 0).await.body["data"][0]["values"]
            .as_array()
            .unwrap()
            .len(),
        20
    );
}

#[tokio::test]
async fn followers_are_online_by_the_hour_from_a_hundred_on_and_two_days_late() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let ask = async |query: &str| world.get(&format!("{INSTAGRAM}/me/insights?{query}")).await;
    let online = "metric=online_followers&period=lifetime";
    let late = ask(online).await.body["data"][0]["values"].clone();
    assert_eq!(late.as_array().unwrap().len(), 2, "{late}");
    for value in late.as_array().unwrap() {
        assert_eq!(value["value"], json!({}), "not counted yet is not zero");
    }
    let days = settled(&world, &seed, (0, 5)).await;
    let answer = ask(&format!("{online}&{}", around(&days))).await.body;
    let values = answer["data"][0]["values"].as_array().unwrap().clone();
    assert_eq!(values.len(), 5);
    for value in values {
        let hours = &seed["audience"]["online_followers"];
        assert_eq!(
            (&value["value"], hours.as_object().unwrap().len()),
            (hours, 24)
        );
    }
    assert_eq!(
        message(&ask("metric=online_followers&period=day").await),
        "(#100) Incompatible metrics (online_followers) with period (day)"
    );
    assert!(
        message(&ask(&format!("{online}&metric_type=total_value")).await)
            .contains("metric_type=time_series")
    );
    let now = world.look("clock").await["now_ms"].as_i64().unwrap() / 1_000;
    let (since, until) = (now - 40 * 86_400, now - 35 * 86_400);
    assert_eq!(
        message(&ask(&format!("{online}&since={since}&until={until}")).await),
        "(#100) (online_followers) metric only supports querying data for the last 30 days excluding the current day"
    );
}

#[tokio::test]
async fn audiences_are_head_counts_of_the_largest_rows() {
    let world = World::without_webhook().await;
    let seed = world.look("seed").await;
    let ask = async |query: &str| {
        let path =
            format!("{INSTAGRAM}/me/insights?period=lifetime&metric_type=total_value&{query}");
        world.get(&path).await
    };
    let answer = ask("metric=follower_demographics&breakdown=country")
        .await
        .body;
    let table = answer["data"][0]["total_value"]["breakdowns"][0].clone();
    assert_eq!(table["dimension_keys"], json!(["country"]));
    let rows = table["results"].as_array().unwrap();
    assert_eq!(rows.len(), 45);
    for row in rows {
        let name = row["dimension_values"][0].as_str().unwrap();
        assert_eq!(row["value"], seed["audience"]["follower"]["country"][name]);
    }
    let all =
        "metric=engaged_audience_demographics,reached_audience_demographics&timeframe=this_week";
    let answer = ask(&format!("{all}&breakdown=age,gender")).await.body;
    let table = answer["data"][1]["total_value"]["breakdowns"][0].clone();
    assert_eq!(
        table["dimension_keys"],
        json!(["timeframe", "age", "gender"])
    );
    let row = &table["results"][0];
    assert_eq!(row["dimension_values"][0], "THIS_WEEK");
    let pair = format!(
        "{},{}",
        row["dimension_values"][1].as_str().unwrap(),
        row["dimension_values"][2].as_str().unwrap()
    );
    assert_eq!(
        row["value"],
        seed["audience"]["reached"]["this_week"]["age_gender"][pair]
    );
    for wrong in ["&breakdown=age,city", "", "&breakdown=colour"] {
        message(&ask(&format!("{all}{wrong}")).await);
    }
    message(&ask("metric=engaged_audience_demographics&breakdown=age").await);
    let gone = "metric=engaged_audience_demographics&breakdown=age&timeframe=last_30_days";
    assert!(message(&ask(gone).await).contains("this_month, this_week"));
    world.sim("insights", json!({"timeframe": "refused"})).await;
    message(&ask(&format!("{all}&breakdown=age")).await);
    assert_eq!(
        ask("metric=engaged_audience_demographics&breakdown=age")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_small_account_has_no_audience_and_scopes_are_needed() {
    let world = World::without_webhook().await;
    let small = async |query: &str| {
        let request = world
            .client
            .get(world.url(&format!("{INSTAGRAM}/me/insights?{query}")))
            .bearer_auth("SIM-INSTAGRAM-TOKEN-80");
        world.call(request).await.body["data"].clone()
    };
    let people = "metric=follower_demographics,engaged_audience_demographics&metric_type=total_value&period=lifetime&timeframe=this_month&breakdown=age";
    assert_eq!(small(people).await, json!([]));
    assert_eq!(small("metric=follower_count&period=day").await, json!([]));
    assert_eq!(
        small("metric=reach&period=day").await[0]["values"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let scopes = json!({"token": "SIM-INSTAGRAM-TOKEN", "scopes": ["instagram_business_basic"]});
    world.sim("tokens", scopes).await;
    let refused = world
        .get(&format!("{INSTAGRAM}/me/insights?metric=reach&period=day"))
        .await;
    assert_eq!(refused.error(), (10, None));
    let list = world
        .get(&format!(
            "{INSTAGRAM}/me/media?fields=insights.metric(reach)"
        ))
        .await;
    assert_eq!(list.error(), (10, None), "in a list too");
    assert_eq!(
        world.get(&format!("{INSTAGRAM}/me/media")).await.status,
        200
    );
}

#[tokio::test]
async fn a_seed_file_makes_the_same_world() {
    let first = World::without_webhook().await;
    let mut seed = first.look("seed").await;
    seed["account"]["username"] = "outra.conta".into();
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("seed.json");
    std::fs::write(&path, seed.to_string()).unwrap();
    let options = simulator::Options {
        data_dir: data.path().to_owned(),
        seed_file: Some(path.clone()),
        ..simulator::Options::default()
    };
    let world = World::with(options.clone(), data).await;
    let again = world.look("seed").await;
    for part in [
        "account", "media", "children", "stories", "tagged", "days", "audience", "rules",
    ] {
        assert_eq!(again[part], seed[part], "{part}");
    }
    std::fs::write(&path, "{").unwrap();
    let error = simulator::Simulator::start(options)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("seed file") && error.contains("/_sim/seed"),
        "{error}"
    );
}
