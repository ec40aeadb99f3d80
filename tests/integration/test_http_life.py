"""The life of a photo, from upload to delete, as people see it over HTTP on the whole stack."""

import pytest

from tests.integration.conftest import eventually, png

pytestmark = pytest.mark.stack


def ids(page):
    return [item["id"] for item in page["items"]]


def test_the_life_of_a_photo(person):
    ann, bob = person(), person()
    assert bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202).json() == {"state": "following"}

    photo = ann.upload("hello #World from a Test", "Nowhere Bay")
    feed = bob.get("/v1/feed", after=[ann])
    assert ids(feed) == [photo]
    assert feed["items"][0]["why"] == "follow"
    assert feed["items"][0]["owner"]["username"] == ann.name
    assert ann.get("/v1/feed")["items"][0]["why"] == "own"

    bob.ask("PUT", f"/v1/photos/{photo}/like", 204)
    bob.ask("PUT", f"/v1/photos/{photo}/like", 204)
    seen = bob.get(f"/v1/photos/{photo}")
    assert seen["counts"] == {"likes": 1, "comments": 0}
    assert seen["liked"] is True
    assert (seen["width"], seen["height"]) == (40, 30)
    assert seen["tags"] == ["World"]
    assert [item["id"] for item in bob.get(f"/v1/photos/{photo}/likes")["items"]] == [bob.id]

    first, second = (
        bob.ask("POST", f"/v1/photos/{photo}/comments", 201, json={"text": text}).json()["id"] for text in ("one", "two")
    )
    ann.ask("PUT", f"/v1/comments/{first}/like", 204, after=[bob])
    path = f"/v1/photos/{photo}/comments"
    assert ids(ann.get(path, after=[bob], sort="top")) == [first, second]
    assert ids(ann.get(path, after=[bob])) == [second, first]
    assert ids(ann.get(path, after=[bob], sort="oldest")) == [first, second]
    assert ann.get(path, sort="top")["items"][0]["counts"] == {"likes": 1}
    assert ann.get(f"/v1/photos/{photo}", after=[bob])["counts"] == {"likes": 1, "comments": 2}

    ann.ask("DELETE", f"/v1/photos/{photo}", 204)
    ann.ask("DELETE", f"/v1/photos/{photo}", 204)
    assert bob.ask("GET", f"/v1/photos/{photo}", 404, after=[ann]).headers.get("Darkroom-Stale") is None
    assert ids(bob.get("/v1/feed", after=[ann])) == []
    assert ann.get(f"/v1/users/{ann.id}")["counts"]["photos"] == 0


def test_a_photo_becomes_visible_in_a_followers_feed_unasked(person):
    ann, bob = person(), person()
    bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202)
    # The first upload of a fresh stack loads the image library; it is not what is measured.
    ann.upload()
    answer = ann.ask("POST", "/v1/photos", 202, files={"file": ("x.png", png(), "image/png")})
    photo = answer.json()["id"]
    token = {"Authorization": f"Bearer {bob.token}"}
    eventually(lambda: bob.http.get("/v1/feed", headers=token), lambda feed: photo in ids(feed.json()))


def test_images_are_served_whole_in_parts_and_not_again(person, http):
    ann = person()
    photo = ann.upload(picture=png(700, 500))
    seen = eventually(lambda: http.get(f"/photos/{photo}/640.jpg"), lambda answer: answer.status_code == 200)
    assert seen.headers["content-type"] == "image/jpeg"
    assert seen.headers["cache-control"] == "public, max-age=31536000, immutable"
    tag = seen.headers["etag"]
    assert tag.startswith('"')
    head = http.head(f"/photos/{photo}/640.jpg")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(seen.content)))
    assert http.get(f"/photos/{photo}/640.jpg", headers={"If-None-Match": tag}).status_code == 304
    part = http.get(f"/photos/{photo}/640.jpg", headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, seen.content[2:6])
    assert part.headers["content-range"] == f"bytes 2-5/{len(seen.content)}"
    beyond = http.get(f"/photos/{photo}/640.jpg", headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416
    assert http.get(ann.get(f"/v1/photos/{photo}")["images"]["150"]).status_code == 200


def test_a_deactivated_account_is_hidden_until_it_comes_back(person):
    ann, bob = person(), person()
    photo = ann.upload()
    ann.ask("POST", "/v1/me/deactivate", 204)
    bob.ask("GET", f"/v1/photos/{photo}", 404, after=[ann])
    bob.ask("GET", f"/v1/users/@{ann.name}", 404, after=[ann])
    ann.ask("PUT", f"/v1/users/{bob.id}/follow", 403)
    ann.ask("POST", "/v1/me/reactivate", 204)
    assert bob.get(f"/v1/users/@{ann.name.upper()}", after=[ann])["id"] == ann.id
    ann.ask("DELETE", "/v1/me", 204)
    bob.ask("GET", f"/v1/users/{ann.id}", 404, after=[ann])
    assert ann.ask("GET", "/v1/me", after=[ann]).status_code == 401


def test_ones_own_account_is_what_one_has_just_made_it(person):
    """Kills: who asks is looked up before what they have seen is waited for, and shown as they were."""
    ann = person()
    for private in (True, False) * 5:
        ann.ask("PATCH", "/v1/me", 200, json={"private": private})
        assert ann.get("/v1/me")["private"] is private
