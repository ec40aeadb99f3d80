"""Who may not see something any more does not see it on the very next read that carries the deed's position.

Stories ask again when an answer says that it is stale; here the first answer must be exact. So nobody else acts meanwhile.
"""

import pytest

from tests.behaviours import clause

pytestmark = pytest.mark.stack

# Each reader has seen it a moment ago, so that whatever is remembered of them is remembered wrongly.
ROUNDS = 4


@pytest.fixture
def pair(stage, person):
    """Ann, who has a photo, and Bob, who follows her."""
    stage.wait_for_all()
    ann, bob = person(), person()
    photo = ann.upload()
    assert bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202, after=[ann]).json() == {"state": "following"}
    return ann, bob, photo


def feed(reader, *after) -> list[str]:
    return [item["id"] for item in reader.get("/v1/feed", after=after)["items"]]


def missing(reader, path: str, *after) -> None:
    assert "Darkroom-Stale" not in reader.ask("GET", path, 404, after=after).headers


@clause("7.1", "7.3")
def test_an_unfollow_and_a_follow_are_so_on_the_next_read(pair):
    ann, bob, photo = pair
    for _ in range(ROUNDS):
        assert feed(bob) == [photo]
        bob.ask("DELETE", f"/v1/users/{ann.id}/follow", 202)
        assert feed(bob) == []
        bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202)


@clause("10.1", "10.3")
def test_a_mute_and_an_unmute_are_so_on_the_next_read(pair):
    ann, bob, photo = pair
    for _ in range(ROUNDS):
        assert feed(bob) == [photo]
        bob.ask("PUT", f"/v1/users/{ann.id}/mute", 204)
        assert feed(bob) == []
        bob.ask("DELETE", f"/v1/users/{ann.id}/mute", 204)


@clause("9.1", "9.2", "9.4")
def test_a_block_and_an_unblock_are_so_on_the_next_read(pair):
    ann, bob, photo = pair
    for _ in range(ROUNDS):
        assert feed(bob, ann) == [photo]
        ann.ask("PUT", f"/v1/users/{bob.id}/block", 204, after=[bob])
        assert feed(bob, ann) == []
        missing(bob, f"/v1/photos/{photo}", ann)
        ann.ask("DELETE", f"/v1/users/{bob.id}/block", 204)
        assert bob.get(f"/v1/photos/{photo}", after=[ann])["id"] == photo
        assert feed(bob, ann) == []
        bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202, after=[ann])


@clause("11.1", "11.2")
def test_a_private_flip_and_its_opposite_are_so_on_the_next_read(pair, person):
    ann, bob, photo = pair
    eve = person()
    for _ in range(ROUNDS):
        assert eve.get(f"/v1/photos/{photo}", after=[ann])["id"] == photo
        ann.ask("PATCH", "/v1/me", 200, json={"private": True})
        for path in (f"/v1/photos/{photo}", f"/v1/users/{ann.id}/photos"):
            missing(eve, path, ann)
        assert feed(bob, ann) == [photo]
        ann.ask("PATCH", "/v1/me", 200, json={"private": False})
