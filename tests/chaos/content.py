"""What people do with photos and comments: upload, edit, delete, like, comment; each leaves in the model what was answered."""

import secrets
from functools import cache
from random import Random

import httpx
import pyvips

from tests.chaos.cast import Cast, Person, pair, privacy
from tests.chaos.client import Sent
from tests.chaos.compare import Difference, Kind
from tests.chaos.model import Comment, Photo, Possible, becomes, truth


@cache
def jpeg(number: int) -> bytes:
    """Return one of a few small JPEGs."""
    colour = [(number * step) % 256 for step in (37, 91, 151)]
    return pyvips.Image.black(48, 36, bands=3).linear([1, 1, 1], colour).cast("uchar").jpegsave_buffer(Q=70)


def upload(cast: Cast, who: Person, token: str, tag: str) -> Photo:
    """Send a picture in under a token of its own."""
    files = {"file": ("x.jpg", jpeg(len(cast.world.photos) % 16), "image/jpeg")}
    sent = who.client.write("POST", "/v1/photos", files=files, data={"caption": f"{token} #{tag}"})
    photo = Photo(token, who.id, sent.json["id"] if sent.done else "", tag=Possible(tag))
    made(cast, sent, token, photo.there)
    cast.world.photos[token] = photo
    return photo


def made(cast: Cast, sent: Sent, token: str, there: Possible[bool]) -> None:
    """Note what may have come of a POST: nothing, one, or two where its key was lost with Redis."""
    if not sent.done:
        there.did(becomes(False))
        if sent.unknown:
            there.perhaps(becomes(True))
    if sent.write.uncertain and cast.ledger.key_was_lost(sent.write):
        cast.unprotected.add(token)


def gone(cast: Cast, token: str, there: Possible[bool]) -> None:
    """Note that something was deleted; a second one, which Redis let be made because it had lost the key, may stay."""
    there.did(becomes(False))
    if token in cast.unprotected:
        there.perhaps(becomes(True))


def look_whether_ready(cast: Cast, photo: Photo) -> None:
    """Ask once whether a photo is ready; its position then lets others find it."""
    if photo.ready or not photo.id:
        return
    owner = next(one for one in cast.people if one.id == photo.owner)
    answer = owner.client.read(f"/v1/photos/{photo.id}")
    if answer is None or answer.status_code != 200 or "Darkroom-Stale" in answer.headers:
        return
    shown = answer.json()
    if shown["state"] == "rejected":
        cast.ledger.differ(Difference(Kind.LOST, f"photo {photo.id} was rejected: {shown.get('reason')}"))
    if shown["state"] != "processing":
        photo.position, photo.ready = answer.headers["Darkroom-Position"], True


def edit(cast: Cast, who: Person, photo: Photo, tag: str) -> None:
    """Give one's own photo another tag."""
    with cast.guards.held(("photo", photo.token)) as guards:
        if not guards:
            return
        caption = f"{photo.token} #{tag}"
        sent = who.client.write("PATCH", f"/v1/photos/{photo.id}", [photo.position], json={"caption": caption})
        if sent.done:
            photo.tag.did(becomes(tag))
        elif sent.unknown:
            photo.tag.perhaps(becomes(tag))
        guards[0].settle(sent, who.client.position)
        cast.expect(sent, 200)
        cast.expect_read(who, f"/v1/photos/{photo.id}", f"caption {caption}", lambda answer: _caption(answer) == caption)


def _caption(answer: httpx.Response) -> str:
    return answer.json().get("caption", "")


def delete(cast: Cast, who: Person, photo: Photo) -> None:
    """Delete one's own photo."""
    with cast.guards.held(("photo", photo.token)) as guards:
        if not guards:
            return
        photo.there.perhaps(becomes(False))
        sent = who.client.write("DELETE", f"/v1/photos/{photo.id}", [photo.position])
        if sent.done:
            gone(cast, photo.token, photo.there)
        elif not sent.unknown:
            photo.there.did(becomes(True))
        cast.expect(sent, 204)
        path = f"/v1/photos/{photo.id}"
        cast.expect_read(who, path, "deleted", lambda answer: answer.status_code == 404)


def turn_like(cast: Cast, who: Person, photo: Photo, comment: Comment | None, chance: Random) -> None:
    """Like a photo or a comment, or take the like back."""
    target = comment.id if comment else photo.id
    slot = cast.world.likes.setdefault((who.id, target), Possible(False))
    with cast.guards.held(("like", who.id, target)) as guards:
        if not guards:
            return
        wanted = not slot.may(truth)
        path = f"/v1/comments/{target}/like" if comment else f"/v1/photos/{target}/like"
        sent = who.client.write("PUT" if wanted else "DELETE", path, _around(cast, who, photo, comment))
        if sent.done:
            slot.did(becomes(wanted))
        elif sent.unknown:
            slot.perhaps(becomes(wanted))
        guards[0].settle(sent, who.client.position)
        # Between looking and liking the owner may block or become private: then 404 is right.
        cast.expect(sent, 204, *((404, 403) if wanted else ()))
        if sent.done and not comment and chance.random() < 0.5:
            path = f"/v1/photos/{target}"
            cast.expect_read(who, path, f"liked {wanted}", lambda a: a.status_code == 404 or a.json()["liked"] == wanted)


def _around(cast: Cast, who: Person, photo: Photo, comment: Comment | None = None) -> list[str]:
    """Return the positions that a write about somebody's photo must cover to be judged by what is so now."""
    owner = next(one for one in cast.people if one.id == photo.owner)
    between = cast.guards.of(pair(who, owner)).position if who is not owner else ""
    return [photo.position, between, cast.guards.of(privacy(owner)).position, comment.position if comment else ""]


def add_comment(cast: Cast, who: Person, photo: Photo, text: str = "") -> None:
    """Comment a photo, in words that nobody else uses."""
    text = text or f"{who.name} says {secrets.token_hex(8)}"
    path = f"/v1/photos/{photo.id}/comments"
    sent = who.client.write("POST", path, _around(cast, who, photo), json={"text": text})
    comment = Comment(text, who.id, photo.token, sent.json["id"] if sent.done else "", position=who.client.position)
    made(cast, sent, text, comment.there)
    cast.expect(sent, 201, 404, 403)
    if not sent.done and not sent.unknown:
        return
    cast.world.comments[text] = comment
    if sent.done:

        def shows(answer: httpx.Response) -> bool:
            if answer.status_code != 200:
                return answer.status_code == 404
            return any(one["id"] == comment.id for one in answer.json()["items"]) or not comment.there.must(truth)

        cast.expect_read(who, path, f"comment {comment.id}", shows, limit=100)


def delete_comment(cast: Cast, who: Person, comment: Comment) -> None:
    """Delete one's own comment, or one on one's own photo."""
    with cast.guards.held(("comment", comment.text)) as guards:
        if not guards or not comment.there.must(truth):
            return
        # Before the answer: a reader who already misses it is right.
        comment.there.perhaps(becomes(False))
        sent = who.client.write("DELETE", f"/v1/comments/{comment.id}", [comment.position])
        if sent.done:
            gone(cast, comment.text, comment.there)
        elif not sent.unknown:
            comment.there.did(becomes(True))
        cast.expect(sent, 204)
