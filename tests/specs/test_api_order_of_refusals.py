"""Specification of what is refused as what, where several answers would be true, and of what belongs to one list only."""

from urllib.parse import quote

import pytest

from api.limits import Limit, Limits
from tests.specs.behaviours.town import Town


@pytest.fixture
def town():
    return Town("ann", "bob", "cy")


def first_page(town, path):
    """Return the cursor after the first item of a list of several."""
    return town.ask("ann", "GET", f"{path}?limit=1").body["next"]


@pytest.mark.parametrize("of", ["likes", "comments"])
def test_a_cursor_of_another_photos_list_is_422(town, of):
    photos = [town.post("ann"), town.post("ann")]
    for photo in photos:
        for who in ("ann", "bob"):
            town.like(who, photo)
            town.comment(who, photo)
    cursor = first_page(town, f"/v1/photos/{photos[0]}/{of}")
    found = [town.status("ann", f"/v1/photos/{photo}/{of}?cursor={cursor}") for photo in photos]
    assert found == [200, 422]


@pytest.mark.parametrize("of", ["photos", "followers", "following"])
def test_a_cursor_of_another_persons_list_is_422(town, of):
    for who, others in (("ann", ("bob", "cy")), ("bob", ("ann", "cy")), ("cy", ("ann", "bob"))):
        town.follow(who, *others)
        town.post(who)
        town.post(who)
    cursor = first_page(town, f"/v1/users/{town.ids['ann']}/{of}")
    found = [town.status("ann", f"/v1/users/{town.ids[who]}/{of}?cursor={cursor}") for who in ("ann", "bob")]
    assert found == [200, 422]


def test_the_page_of_a_place_with_the_widest_name_is_read_on(town):
    place = "\N{GRINNING FACE}" * 100
    photos = [town.post("ann", place=place) for _ in range(3)]
    assert town.placed(None, quote(place)) == photos[::-1]


def test_a_sort_that_is_empty_is_none_of_those_there_are(town):
    photo = town.post("ann")
    assert [town.status("bob", f"/v1/photos/{photo}/comments{sort}") for sort in ("", "?sort=newest", "?sort=")] == [
        200,
        200,
        422,
    ]


@pytest.mark.parametrize("wrong", [{"key": "not visible"}, {"after": "nowhere to be found"}])
def test_a_wrong_header_is_told_after_what_may_not_be_seen_and_what_is_no_picture(town, wrong):
    form = {"file": b"GIF89a" + bytes(40)}
    assert town.ask("ann", "POST", "/v1/photos", form=form, **wrong).status == 415
    assert town.ask("ann", "POST", "/v1/photos/12/comments", {"text": "hm"}, **wrong).status == 404
    photo = town.post("ann")
    assert town.ask("ann", "POST", f"/v1/photos/{photo}/comments", {"text": "hm"}, **wrong).status == 422


def test_accounts_are_counted_by_address_also_when_somebody_opens_them_who_has_one(town):
    counted = []

    async def execute(_command, _script, _count, key, *_words):
        counted.append(key)
        return 0

    town.context.limits = Limits(execute, {"accounts": (Limit(1, 1),), "comments": (Limit(1, 1),)})
    photo = town.post("ann")
    for who in (None, "ann"):
        town.ask(who, "POST", "/v1/accounts", {"username": f"new_{who}", "display_name": "New"})
    town.comment("ann", photo)
    assert counted[0] == counted[1] == "limit:{accounts:address.unknown}:1"
    assert counted[2] == f"limit:{{comments:person.{town.ids['ann']}}}:1"
