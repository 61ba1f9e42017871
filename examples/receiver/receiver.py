"""A receiver of Gramophone's raw form: the document's third use case, with the functions it leaves out.

Run it beside Gramophone:

    pip install fastapi uvicorn
    RECEIVER_SECRET=at-least-sixteen-letters uvicorn receiver:app --port 9000

and set in gramophone.toml:

    [forward]
    url = "http://127.0.0.1:9000/instagram/webhook"
    format = "raw"
    secret = "at-least-sixteen-letters"
    loopback_hosts = ["127.0.0.1:9000"]
"""

import hashlib
import hmac
import os
from collections import OrderedDict

from fastapi import FastAPI, Request, Response

app = FastAPI()

SECRET = os.environ["RECEIVER_SECRET"].encode()
SEEN: "OrderedDict[str, None]" = OrderedDict()
FLAGGED: list[tuple[str, str]] = []
ESCALATED: list[tuple[str, str]] = []


def verify_signature(payload: bytes, signature: str | None) -> bool:
    """Whether these very bytes were signed with our secret; compared in constant time."""
    expected = "sha256=" + hmac.new(SECRET, payload, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), (signature or "").encode())


def is_new(event_id: str | None) -> bool:
    """A delivery may come twice, always with the same id. A real receiver keeps these ids in its database."""
    return event_id is None or event_id not in SEEN


def keep(event_id: str | None) -> None:
    """Only once the work is done: what failed is sent again, with the same id, and must not be taken for known."""
    if event_id is not None:
        SEEN[event_id] = None
    while len(SEEN) > 10_000:
        SEEN.popitem(last=False)


async def flag_for_review(comment_id: str, text: str) -> None:
    FLAGGED.append((comment_id, text))


async def escalate_to_support(comment_id: str, user_id: str) -> None:
    ESCALATED.append((comment_id, user_id))


@app.post("/instagram/webhook")
async def handle_instagram_webhook(request: Request):
    payload = await request.body()
    signature = request.headers.get("X-Hub-Signature-256")

    if not verify_signature(payload, signature):
        return Response(status_code=401)

    event_id = request.headers.get("webhook-id")
    if is_new(event_id):
        data = await request.json()

        for entry in data.get("entry", []):
            for change in entry.get("changes", []):
                if change["field"] == "comments":
                    comment_data = change["value"]

                    # Meta leaves out what it may not tell: who wrote it, under what.
                    await process_comment(
                        comment_id=comment_data["id"],
                        text=comment_data.get("text", ""),
                        user_id=comment_data.get("from", {}).get("id", ""),
                        media_id=comment_data.get("media", {}).get("id", ""),
                    )

        keep(event_id)

    return {"status": "ok"}


async def process_comment(comment_id: str, text: str, user_id: str, media_id: str) -> None:
    if "question" in text.lower():
        await flag_for_review(comment_id, text)
    elif "complaint" in text.lower():
        await escalate_to_support(comment_id, user_id)


@app.get("/seen")
async def seen():
    """What was done so far, to look at."""
    return {"events": len(SEEN), "flagged": FLAGGED, "escalated": ESCALATED}
