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


def test_images_of_private_accounts_need_a_signature(person, http):
    ann, bob, eve = person(private=True), person(), person()
    photo = ann.upload("#secret")
    assert bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202).json() == {"state": "requested"}
    bob.ask("GET", f"/v1/photos/{photo}", 404, after=[ann])
    assert ids(ann.get("/v1/follow-requests", after=[bob])) == [bob.id]
    ann.ask("PUT", f"/v1/follow-requests/{bob.id}", 204, after=[bob])
    url = bob.get(f"/v1/photos/{photo}", after=[ann])["images"]["150"]
    assert "/s/" in url
    answer = http.get(url)
    assert (answer.status_code, answer.headers["cache-control"][:7]) == (200, "private")
    plain = http.get(f"/photos/{photo}/150.jpg")
    assert (plain.status_code, plain.headers["cache-control"]) == (404, "no-store")
    eve.ask("GET", f"/v1/users/{ann.id}/photos", 404, after=[ann])
    assert ids(bob.get("/v1/feed", after=[ann])) == [photo]
    assert eve.get(f"/v1/users/{ann.id}", after=[ann])["private"] is True
    bob.ask("DELETE", f"/v1/users/{ann.id}/follow", 202)
    bob.ask("GET", f"/v1/photos/{photo}", 404)


def test_a_block_hides_each_from_the_other(person):
    ann, bob = person(), person()
    photo = ann.upload()
    bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202)
    comment = bob.ask("POST", f"/v1/photos/{photo}/comments", 201, after=[ann], json={"text": "hm"}).json()["id"]
    ann.ask("PUT", f"/v1/users/{bob.id}/block", 204, after=[bob])
    assert ids(ann.get("/v1/me/blocks")) == [bob.id]
    assert ids(ann.get(f"/v1/photos/{photo}/comments")) == []
    assert ann.get(f"/v1/photos/{photo}")["counts"]["comments"] == 1
    assert ann.get(f"/v1/users/{bob.id}")["relation"]["blocking"] is True
    ann.ask("PUT", f"/v1/users/{bob.id}/follow", 403)
    for method, path in (("GET", f"/v1/users/{ann.id}"), ("GET", f"/v1/photos/{photo}"),
                         ("PUT", f"/v1/photos/{photo}/like"), ("PUT", f"/v1/users/{ann.id}/follow")):  # fmt: skip
        bob.ask(method, path, 404, after=[ann])
    assert ids(bob.get("/v1/feed", after=[ann])) == []
    ann.ask("DELETE", f"/v1/users/{bob.id}/block", 204)
    assert ids(ann.get(f"/v1/photos/{photo}/comments")) == [comment]
    assert bob.get(f"/v1/users/{ann.id}", after=[ann])["relation"]["following"] is False


def test_a_mute_thins_the_feed_and_unmute_brings_it_back(person):
    ann, bob = person(), person()
    bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202)
    photo = ann.upload()
    bob.ask("PUT", f"/v1/users/{ann.id}/mute", 204)
    assert ids(bob.get("/v1/feed", after=[ann])) == []
    assert ids(bob.get("/v1/me/mutes")) == [ann.id]
    assert bob.get(f"/v1/users/{ann.id}")["relation"] == {
        "following": True, "followed_by": False, "requested": False, "blocking": False, "muting": True,
    }  # fmt: skip
    bob.ask("DELETE", f"/v1/users/{ann.id}/mute", 204)
    assert ids(bob.get("/v1/feed", after=[ann])) == [photo]


def test_an_unfollow_takes_photos_away_and_following_again_brings_them_back(person):
    ann, bob = person(), person()
    photos = [ann.upload() for _ in range(3)]
    bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202, after=[ann])
    assert ids(bob.get("/v1/feed", after=[ann])) == photos[::-1]
    bob.ask("DELETE", f"/v1/users/{ann.id}/follow", 202)
    assert ids(bob.get("/v1/feed")) == []
    bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202)
    assert ids(bob.get("/v1/feed")) == photos[::-1]


def test_a_feed_is_walked_page_by_page(person):
    ann = person()
    photos = [ann.upload() for _ in range(5)]
    first = ann.get("/v1/feed", limit=2)
    second = ann.get("/v1/feed", limit=2, cursor=first["next"])
    third = ann.get("/v1/feed", limit=2, cursor=second["next"])
    assert ids(first) + ids(second) + ids(third) == photos[::-1]
    assert third["next"] is None
    ann.ask("GET", "/v1/feed", 422, params={"cursor": "foreign"})


def test_a_caption_is_changed_and_its_tags_with_it(person):
    ann = person()
    photo = ann.upload("#before", "Here")
    changed = ann.ask("PATCH", f"/v1/photos/{photo}", 200, json={"caption": "#after", "place": None}).json()
    assert (changed["tags"], changed["place"]) == (["after"], None)
    seen = ann.get(f"/v1/photos/{photo}")
    assert (seen["caption"], seen["tags"], seen["place"]) == ("#after", ["after"], None)


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


def test_a_celebrity_is_pulled_and_looks_like_everybody_else(settings, person):
    star, ann = person(), person()
    before = star.upload()
    ann.ask("PUT", f"/v1/users/{star.id}/follow", 202, after=[star])
    crowd = [person() for _ in range(settings.celebrity_up)]
    for fan in crowd:
        fan.ask("PUT", f"/v1/users/{star.id}/follow", 202)
    assert ann.get(f"/v1/users/{star.id}", after=crowd)["counts"]["followers"] == len(crowd) + 1
    pulled = [star.upload() for _ in range(2)]
    own = ann.upload()
    for reader in (ann, crowd[0]):
        expected = [photo for photo in (own, *pulled[::-1], before) if reader is ann or photo != own]
        assert ids(reader.get("/v1/feed", after=[star, ann, *crowd])) == expected
        assert walked(reader, "/v1/feed") == expected
    ann.ask("DELETE", f"/v1/users/{star.id}/follow", 202)
    assert ids(ann.get("/v1/feed")) == [own]


def walked(someone, path):
    """All ids of a list, one item a page."""
    found, cursor = [], {}
    while True:
        page = someone.get(path, limit=1, **cursor)
        found += ids(page)
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


def test_what_cannot_be_decoded_is_rejected_and_only_its_owner_sees_why(person):
    ann, bob = person(), person()
    whole = png(60, 60)
    at = whole.index(b"IDAT") + 8
    broken = whole[:at] + b"\xff" * 20 + whole[at + 20 :]
    photo = ann.ask("POST", "/v1/photos", 202, files={"file": ("x.png", broken, "image/png")}).json()["id"]
    seen = eventually(lambda: ann.ask("GET", f"/v1/photos/{photo}", 200).json(), lambda shown: shown["state"] != "processing")
    assert seen["state"] == "rejected"
    assert seen["reason"]
    bob.ask("GET", f"/v1/photos/{photo}", 404)
    assert ids(ann.get(f"/v1/users/{ann.id}/photos")) == []
    ann.ask("DELETE", f"/v1/photos/{photo}", 204)


def test_tags_and_places_are_pages_of_public_photos(person):
    ann, bob = person(), person(private=True)
    word = f"Größe{ann.id}"
    photo = ann.upload(f"#{word} and more", f"Rue de l'Été / {ann.id}")
    bob.upload(f"#{word}")
    assert ids(ann.get(f"/v1/tags/grosse{ann.id}/photos", after=[bob])) in ([photo], [])
    assert ids(ann.get(f"/v1/tags/{word}/photos", after=[bob])) == [photo]
    assert ids(ann.get(f"/v1/places/rue%20de%20l'ete%20%2F%20{ann.id}/photos")) == [photo]
    ann.ask("PATCH", f"/v1/photos/{photo}", 200, json={"caption": "no tags"})
    assert ids(ann.get(f"/v1/tags/{word}/photos")) == []
    ann.ask("PATCH", "/v1/me", 200, json={"private": True})
    assert ids(bob.get(f"/v1/places/rue%20de%20l'ete%20%2F%20{ann.id}/photos", after=[ann])) == []


def test_ones_own_account_is_what_one_has_just_made_it(person):
    """Kills: who asks is looked up before what they have seen is waited for, and shown as they were."""
    ann = person()
    for private in (True, False) * 5:
        ann.ask("PATCH", "/v1/me", 200, json={"private": private})
        assert ann.get("/v1/me")["private"] is private
