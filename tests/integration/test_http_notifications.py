"""What people are told over HTTP, on the whole stack: each kind, once, thinned, read up to one."""

import pytest

from tests.behaviours import clause

pytestmark = pytest.mark.stack
PATH = "/v1/notifications"


def told(who, after=(), **query):
    """Return kind, actor, photo, comment and whether it was read, of each notification."""
    items = who.get(PATH, after=after, **query)["items"]
    return [(one["kind"], one["actor"]["id"], one["photo"], one["comment"], one["read"]) for one in items]


@clause("17.1", "17.2", "3.2")
def test_each_deed_is_told_to_whom_it_concerns_and_read_up_to_one(person):
    ann, bob, cy = person(), person(), person()
    photo = ann.upload(f"with @{cy.name.upper()}")
    bob.ask("PUT", f"/v1/photos/{photo}/like", 204, after=[ann])
    text = {"text": f"look @{cy.name}, not me@{ann.name}"}
    comment = bob.ask("POST", f"/v1/photos/{photo}/comments", 201, json=text).json()["id"]
    ann.ask("PUT", f"/v1/comments/{comment}/like", 204, after=[bob])
    ann.ask("PUT", f"/v1/photos/{photo}/like", 204)
    bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202)
    everybody = [ann, bob, cy]
    anns = [("follow", bob.id, None, None), ("comment", bob.id, photo, comment), ("like", bob.id, photo, None)]
    assert told(ann, everybody) == [(*one, False) for one in anns]
    assert told(bob, everybody) == [("like", ann.id, photo, comment, False)]
    mentions = [("mention", bob.id, photo, comment, False), ("mention", ann.id, photo, None, False)]
    assert told(cy, everybody) == mentions

    newest, middle, oldest = ann.get(PATH, after=everybody)["items"]
    assert (newest["actor"]["username"], newest["created_at"][-1]) == (bob.name, "Z")
    assert int(newest["id"]) > int(middle["id"]) > int(oldest["id"])
    ann.ask("PUT", f"{PATH}/read", 204, json={"up_to": middle["id"]})
    assert [read for *_, read in told(ann)] == [False, True, True]
    ann.ask("PUT", f"{PATH}/read", 204, json={"up_to": oldest["id"]})
    assert [read for *_, read in told(ann)] == [False, True, True]
    page = ann.get(PATH, limit=2)
    assert [one["id"] for one in page["items"]] == [newest["id"], middle["id"]]
    last = ann.get(PATH, limit=2, cursor=page["next"])
    assert ([one["id"] for one in last["items"]], last["next"]) == ([oldest["id"]], None)


@clause("2.3", "2.4")
def test_liking_again_is_neither_new_nor_unread(person):
    ann, bob = person(), person()
    photo = ann.upload()
    bob.ask("PUT", f"/v1/photos/{photo}/like", 204, after=[ann])
    [first] = ann.get(PATH, after=[bob])["items"]
    ann.ask("PUT", f"{PATH}/read", 204, json={"up_to": first["id"]})
    bob.ask("DELETE", f"/v1/photos/{photo}/like", 204)
    assert told(ann, [bob]) == []
    bob.ask("PUT", f"/v1/photos/{photo}/like", 204)
    assert ann.get(PATH, after=[bob])["items"] == [first | {"read": True}]


@clause("17.3")
def test_a_request_becomes_a_follow_and_goes_with_it(person):
    ann, bob = person(private=True), person()
    bob.ask("PUT", f"/v1/users/{ann.id}/follow", 202)
    [request] = ann.get(PATH, after=[bob])["items"]
    assert request["kind"] == "request"
    ann.ask("PUT", f"/v1/follow-requests/{bob.id}", 204, after=[bob])
    assert ann.get(PATH)["items"] == [request | {"kind": "follow"}]
    bob.ask("DELETE", f"/v1/users/{ann.id}/follow", 202, after=[ann])
    assert told(ann, [bob]) == []


@clause("8.3", "9.2", "10.1", "10.3", "13.3")
def test_what_one_may_not_see_or_does_not_want_to_is_not_told(person):
    ann, bob, cy = person(), person(), person()
    photo, other = ann.upload(), ann.upload()
    for who, shot in ((bob, photo), (cy, photo), (cy, other)):
        who.ask("PUT", f"/v1/photos/{shot}/like", 204, after=[ann])
    everybody = [ann, bob, cy]
    ann.ask("PUT", f"/v1/users/{cy.id}/mute", 204, after=everybody)
    assert told(ann) == [("like", bob.id, photo, None, False)]
    assert ann.get(PATH, limit=1)["next"] is None
    ann.ask("DELETE", f"/v1/users/{cy.id}/mute", 204)
    ann.ask("PUT", f"/v1/users/{bob.id}/block", 204)
    assert told(ann) == [("like", cy.id, other, None, False), ("like", cy.id, photo, None, False)]
    ann.ask("DELETE", f"/v1/users/{bob.id}/block", 204)
    ann.ask("DELETE", f"/v1/photos/{other}", 204)
    assert [shot for _, _, shot, *_ in told(ann)] == [photo, photo]
    cy.ask("DELETE", "/v1/me", 204)
    assert told(ann, [cy]) == [("like", bob.id, photo, None, False)]


def test_what_is_no_id_no_cursor_and_nobody_is_refused(person, http):
    ann = person()
    for wrong in ("", "x", "-1", "007", str(1 << 63), 7, None):
        ann.ask("PUT", f"{PATH}/read", 422, json={"up_to": wrong})
    ann.ask("PUT", f"{PATH}/read", 422, json={})
    ann.ask("GET", PATH, 422, params={"cursor": "x"})
    ann.ask("GET", PATH, 422, params={"limit": 0})
    assert http.get(PATH).status_code == 401
