"""The second document's use cases 1, 2 and 4 as a client of it writes them: only host and token come from outside.

Prints one JSON object with what the client saw, for the judge (truth.py) and for the test.
"""

import json
import os
import sys
from datetime import datetime, timedelta

import requests

HOST = os.environ["CONTRACT_HOST"]
TOKEN = os.environ["CONTRACT_TOKEN"]
HEADERS = {"x-api-key": os.environ["CONTRACT_KEY"]} if os.environ.get("CONTRACT_KEY") else {}


def ask(path, **params):
    answer = requests.post(f"{HOST}{path}", params=params, json={"access_token": TOKEN}, headers=HEADERS, timeout=60)
    if answer.status_code != 200:
        sys.exit(f"{path}: {answer.status_code} {answer.json().get('detail', 'Unknown error')}")
    return answer.json()


def account_of_the_last_week():
    end_date = datetime.now()
    start_date = end_date - timedelta(days=7)
    answer = ask(
        "/instagram/account/insights",
        period="day",
        since=start_date.strftime("%Y-%m-%d"),
        until=end_date.strftime("%Y-%m-%d"),
    )
    for metric in answer["insights"]["data"]:
        print(f"{metric['title']}: {metric['values']}", file=sys.stderr)
    return answer


def best_posts():
    posts = ask("/instagram/user/media", limit=50)["media"]["data"]
    performance = []
    for post in posts:
        insights = ask(f"/instagram/media/{post['id']}/insights")["insights"]["data"]

        def number(name):
            return next(i["values"][0]["value"] for i in insights if i["name"] == name)

        performance.append(
            {
                "post_id": post["id"],
                "caption": post["caption"][:50] + "...",
                "impressions": number("impressions"),
                "reach": number("reach"),
                "likes": number("likes"),
                "comments": number("comments"),
                "shares": number("shares"),
                "saves": number("saves"),
            }
        )
    top = sorted(performance, key=lambda post: post["likes"], reverse=True)
    for post in top[:5]:
        print(f"- {post['caption']}: {post['likes']} likes, {post['reach']} reach", file=sys.stderr)
    return performance


def audience():
    answer = ask("/instagram/audience/insights", period="lifetime")
    for metric in answer["insights"]["data"]:
        if metric["name"] == "follower_demographics":
            people = metric["values"][0]["value"]
            for dimension in ("age", "gender", "country"):
                for group, percentage in people[dimension].items():
                    print(f"  {dimension} {group}: {percentage}%", file=sys.stderr)
    return answer


def profile():
    return ask("/instagram/user/profile")


print(
    json.dumps(
        {
            "profile": profile(),
            "account": account_of_the_last_week(),
            "posts": best_posts(),
            "audience": audience(),
        }
    )
)
