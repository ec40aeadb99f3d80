"""The routes of the HTTP interface that the demo uses, in memory, for tests of the demo; it can be told to go wrong."""

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import httpx

Answer = tuple[int, Any]


class MemoryApi:
    """Answers like the API over dictionaries; `lose_every` drops every n-th like, `away_every` answers every n-th with 503."""

    def __init__(self, lose_every: int = 0, away_every: int = 0) -> None:
        self.lose_every, self.away_every = lose_every, away_every
        self.asked, self.liked = 0, 0
        self.minted = itertools.count(1 << 40)
        self.remembered: dict[tuple[str, str], Answer] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.followers: dict[str, dict[str, str]] = {}
        self.photos: dict[str, dict[str, Any]] = {}
        self.likes: dict[str, dict[str, None]] = {}
        self.comments: dict[str, dict[str, Any]] = {}

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.away_every and self.asked % self.away_every == 0:
            return httpx.Response(503, json={"title": "away"}, headers={"Retry-After": "1"})
        who = request.headers.get("Authorization", "").removeprefix("Bearer ")
        key = (who, request.headers.get("Idempotency-Key", ""))
        if key[1] and key in self.remembered:
            status, body = self.remembered[key]
        else:
            status, body = self.routed(request, who)
            if key[1]:
                self.remembered[key] = status, body
        return httpx.Response(status, json=body) if body is not None else httpx.Response(status)

    def routed(self, request: httpx.Request, who: str) -> Answer:
        for method, pattern, act in self.routes():
            found = re.fullmatch(pattern, request.url.path)
            if found and request.method == method:
                return act(request, who, *found.groups())
        return 404, {"title": f"no route {request.method} {request.url.path}"}

    def routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        return [
            ("POST", "/v1/accounts", self.open_account),
            ("GET", "/v1/users/@(.+)", lambda r, w, name: (404, {}) if name not in self.names() else (200, {})),
            ("GET", r"/v1/users/(\d+)", lambda r, w, user: (200, {"counts": self.user_counts(user)})),
            ("GET", r"/v1/users/(\d+)/(followers|following|photos)", self.listed),
            ("PUT", r"/v1/users/(\d+)/follow", self.follow),
            ("DELETE", r"/v1/users/(\d+)/follow", self.unfollow),
            ("PUT", r"/v1/follow-requests/(\d+)", self.accept),
            ("POST", "/v1/photos", self.upload),
            ("HEAD", r"/photos/(\d+)/\d+\.jpg", lambda r, w, photo: (200 if photo in self.photos else 404, None)),
            ("GET", r"/v1/photos/(\d+)", lambda r, w, photo: (200, self.photo(photo))),
            ("PUT", r"/v1/photos/(\d+)/like", self.like),
            ("DELETE", r"/v1/photos/(\d+)/like", lambda r, w, p: (204, self.likes[p].pop(w, None))),
            ("GET", r"/v1/photos/(\d+)/likes", lambda r, w, photo: self.page(r, [{"id": u} for u in self.likes[photo]])),
            ("POST", r"/v1/photos/(\d+)/comments", self.comment),
            ("GET", r"/v1/photos/(\d+)/comments", self.commented),
            ("PUT", r"/v1/comments/(\d+)/like", lambda r, w, c: (204, self.likes[c].setdefault(w))),
            ("GET", "/v1/feed", self.feed),
            ("GET", "/v1/status", lambda r, w: (200, {"projections": [{"name": "all", "version": 1, "lag_events": 0}]})),
        ]

    def names(self) -> set[str]:
        return {user["username"] for user in self.users.values()}

    def open_account(self, request: httpx.Request, who: str) -> Answer:
        body = json.loads(request.content)
        user = str(next(self.minted))
        self.users[user], self.followers[user] = body, {}
        return 201, {"id": user, "username": body["username"], "token": user}

    def follow(self, request: httpx.Request, who: str, user: str) -> Answer:
        state = "requested" if self.users[user]["private"] else "following"
        self.followers[user][who] = state
        return 202, {"state": state}

    def unfollow(self, request: httpx.Request, who: str, user: str) -> Answer:
        self.followers[user].pop(who, None)
        return 202, {"state": "none"}

    def accept(self, request: httpx.Request, who: str, user: str) -> Answer:
        self.followers[who][user] = "following"
        return 204, None

    def lists_of(self, user: str) -> dict[str, list[str]]:
        return {
            "followers": [who for who, state in self.followers[user].items() if state == "following"],
            "following": [whom for whom, who in self.followers.items() if who.get(user) == "following"],
            "photos": [photo for photo, made in self.photos.items() if made["owner"] == user],
        }

    def user_counts(self, user: str) -> dict[str, int]:
        return {name: len(ids) for name, ids in self.lists_of(user).items()}

    def listed(self, request: httpx.Request, who: str, user: str, name: str) -> Answer:
        return self.page(request, [{"id": one} for one in self.lists_of(user)[name]])

    def upload(self, request: httpx.Request, who: str) -> Answer:
        assert b'filename="' in request.read()
        photo = str(next(self.minted))
        self.photos[photo], self.likes[photo] = {"owner": who}, {}
        return 202, {"id": photo}

    def photo(self, photo: str) -> dict[str, Any]:
        said = sum(comment["photo"] == photo for comment in self.comments.values())
        return {"id": photo, "counts": {"likes": len(self.likes[photo]), "comments": said}}

    def like(self, request: httpx.Request, who: str, photo: str) -> Answer:
        self.liked += 1
        if not self.lose_every or self.liked % self.lose_every:
            self.likes[photo].setdefault(who)
        return 204, None

    def comment(self, request: httpx.Request, who: str, photo: str) -> Answer:
        comment = str(next(self.minted))
        self.comments[comment], self.likes[comment] = {"photo": photo, "author": who}, {}
        return 201, {"id": comment}

    def commented(self, request: httpx.Request, who: str, photo: str) -> Answer:
        return self.page(request, [{"id": c} for c, made in self.comments.items() if made["photo"] == photo])

    def feed(self, request: httpx.Request, who: str) -> Answer:
        seen = [photo for photo, made in self.photos.items() if who in self.followers[made["owner"]]]
        return 200, {"items": [{"id": photo} for photo in reversed(seen)][:20], "next": None}

    def page(self, request: httpx.Request, items: list[dict[str, Any]]) -> Answer:
        start, limit = int(request.url.params.get("cursor", 0)), int(request.url.params["limit"])
        end = start + limit
        return 200, {"items": items[start:end], "next": str(end) if end < len(items) else None}
