"""The judge of the use cases: computes every number from the simulator's seed file and compares.

Imports nothing of the product. Usage: truth.py SEED.json SEEN.json NOW_MS_BEFORE NOW_MS_AFTER
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
SETTLED = timedelta(days=4)
METRICS = {"impressions": "views", "reach": "reach", "likes": "likes", "comments": "comments", "shares": "shares", "saves": "saved"}
WRONG = []


def check(right, what):
    if not right:
        WRONG.append(what)


def moment(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")


def account_numbers(seed, seen, now):
    days = {day["date"]: day for day in seed["days"]}
    by_name = {metric["name"]: metric for metric in seen["account"]["insights"]["data"]}
    total = by_name["follower_count"]["values"][-1]["value"]
    check(total == seed["account"]["followers_count"], f"account: {total} followers, the seed says {seed['account']['followers_count']}")
    wanted = ["reach", "new_followers", "website_clicks", "profile_views", "accounts_engaged", "total_interactions"]
    for name in wanted + ["likes", "comments", "shares", "saves"]:
        metric = by_name.get(name)
        check(metric is not None, f"account: {name} is missing")
        if metric is None:
            continue
        settled = 0
        for point in metric["values"]:
            if "end_time" not in point:
                check(False, f"account {name}: a value without end_time")
                continue
            end = moment(point["end_time"]).astimezone(PACIFIC)
            day = (end - timedelta(seconds=1)).date().isoformat()
            final = days[day]["follower_count" if name == "new_followers" else name]
            if end + SETTLED < now:
                settled += 1
                check(point["value"] == final, f"account {name} {day}: {point['value']}, the seed says {final}")
            else:
                check(0 <= point["value"] <= final, f"account {name} {day}: {point['value']} is beyond {final}")
        check(settled >= 3, f"account {name}: only {settled} settled days in {metric['values']}")


def post_numbers(seed, seen):
    known = {media["id"]: media for media in seed["media"]}
    newest = sorted(seed["media"], key=lambda media: media["timestamp"], reverse=True)[:50]
    check([post["post_id"] for post in seen["posts"]] == [media["id"] for media in newest], "posts: not the newest 50, in order")
    compared = 0
    for post in seen["posts"]:
        media = known[post["post_id"]]
        check(post["caption"] == (media.get("caption") or "")[:50] + "...", f"post {post['post_id']}: caption")
        for ours, metas in METRICS.items():
            truth = media["metrics"].get(metas, 0)
            check(post[ours] == truth, f"post {post['post_id']} {ours}: {post[ours]}, the seed says {truth}")
            compared += truth > 0
    check(compared > 200, f"posts: only {compared} numbers to compare")


def audience_numbers(seed, seen):
    truth = {
        "follower_demographics": seed["audience"]["follower"],
        "engaged_audience_demographics": seed["audience"]["engaged"]["this_month"],
        "reached_audience_demographics": seed["audience"]["reached"]["this_month"],
    }
    by_name = {metric["name"]: metric["values"][0] for metric in seen["audience"]["insights"]["data"]}
    for name, groups in truth.items():
        value = by_name.get(name)
        check(value is not None, f"audience: {name} is missing")
        if value is None:
            continue
        for dimension in ("age", "gender", "country"):
            counts = groups[dimension]
            if dimension == "country":
                counts = dict(sorted(counts.items(), key=lambda pair: -pair[1])[:45])
            whole = sum(counts.values())
            told = value["value"][dimension]
            check(set(told) == set(counts), f"audience {name} {dimension}: {sorted(told)}")
            for group, count in counts.items():
                exact = 100 * count / whole
                check(abs(told.get(group, -1) - exact) <= 0.51, f"audience {name} {dimension} {group}: {told.get(group)} %, exactly {exact}")
                kept = value["counts"][dimension].get(group)
                check(kept == count, f"audience {name} {dimension} {group}: {kept} people, the seed says {count}")


def who(seed, seen):
    told, account = seen["profile"]["profile"], seed["account"]
    check(told["username"] == account["username"], "profile: username")
    check(told["media_count"] == len(seed["media"]), f"profile: media_count {told['media_count']}, the seed has {len(seed['media'])}")
    check(told["account_type"] == told["account_type"].upper(), "profile: account_type is not upper case")


seed, seen = (json.load(open(path)) for path in sys.argv[1:3])
now = datetime.fromtimestamp(int(sys.argv[3]) / 1000, timezone.utc)
who(seed, seen)
account_numbers(seed, seen, now)
post_numbers(seed, seen)
audience_numbers(seed, seen)
if WRONG:
    sys.exit(f"{len(WRONG)} numbers are wrong:\n" + "\n".join(WRONG[:40]))
print("every number is the seed's")
