"""Images, asked for in every way that HTTP has: whole, their headers, a part, only if they changed."""

import pytest

from api.answering import answer_request
from api.signing import LIFETIME_SECONDS, Signer
from schemas.object_keys import VARIANTS, variant_key
from tests.behaviours import clause
from tests.specs.behaviours.town import Town
from tests.specs.behaviours.world import RUNNER, found_route

ANY = b"if-none-match", b"*"
PART = b"range", b"bytes=1-3"
BEYOND = b"range", b"bytes=99-"
WAYS = [("GET", ()), ("HEAD", ()), ("GET", (PART,)), ("GET", (BEYOND,)), ("GET", (ANY,)), ("HEAD", (ANY,)), ("HEAD", (PART,))]


def asked(town, path, method="GET", headers=()):
    """Ask for an image file once all that was said before is folded; nobody's token goes along."""

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def ask():
        await town.settle()
        route, params = found_route(method, path)
        scope = {"method": method, "path": path, "query_string": b"", "headers": list(headers), "scheme": "http"}
        return await answer_request(town.context, route, scope, receive, params)

    return RUNNER.run(ask())


def statuses(town, path):
    return [asked(town, path, method, headers).status for method, headers in WAYS]


def link(town, who, photo):
    return town.photo(who, photo)["images"]["150"].removeprefix("http://town")


def test_an_image_is_served_whole_in_parts_and_not_again():
    town = Town("ann")
    path = link(town, None, town.post("ann"))
    assert statuses(town, path) == [200, 200, 206, 416, 304, 304, 200]
    whole, part, head = asked(town, path), asked(town, path, headers=(PART,)), asked(town, path, "HEAD", (PART,))
    assert (part.body, part.headers["Content-Range"]) == (whole.body[1:4], f"bytes 1-3/{len(whole.body)}")
    assert (head.body, head.headers["Content-Length"]) == (b"", str(len(whole.body)))
    tags = {answer.headers["ETag"] for answer in (whole, part, head, asked(town, path, headers=(ANY,)))}
    assert len(tags) == 1
    assert asked(town, path, headers=((b"if-none-match", b'"other"'),)).status == 200


@clause("11.3")
@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("deed", ["hide", "delete", "deactivate", "leave"])
def test_an_old_link_is_not_there_however_it_is_asked_for(deed, private):
    town = Town("ann", private=["ann"] if private else [])
    photo = town.post("ann")
    path = link(town, "ann", photo)
    assert path.startswith("/s/") == private
    if deed == "hide":
        # A link of a private account stays what it is; that of a public one is told to have been.
        town.hide("ann")
    elif deed == "deactivate":
        town.do("ann", "POST", "/v1/me/deactivate")
    else:
        town.leave("ann") if deed == "leave" else town.do("ann", "DELETE", f"/v1/photos/{photo}")
    served = deed == "hide" and private
    assert statuses(town, path) == ([200, 200, 206, 416, 304, 304, 200] if served else [404] * len(WAYS))
    if not served:
        assert {asked(town, path, method, headers).headers["Cache-Control"] for method, headers in WAYS} == {"no-store"}


@clause("11.3")
def test_a_link_of_a_deleted_photo_is_not_there_though_its_bytes_still_are():
    town = Town("ann")
    path = link(town, None, photo := town.post("ann"))
    town.held |= {"resize"}
    town.do("ann", "DELETE", f"/v1/photos/{photo}")
    assert statuses(town, path) == [404] * len(WAYS)
    assert RUNNER.run(town.objects.exists(VARIANTS, variant_key(photo, 150)))


@clause("11.4")
def test_a_browser_may_keep_a_private_image_as_long_as_its_signature_lives():
    town = Town("ann", private=["ann"])
    path = link(town, "ann", town.post("ann"))
    assert asked(town, path).headers["Cache-Control"] == f"private, max-age={LIFETIME_SECONDS}"
    town.later(LIFETIME_SECONDS - 1)
    assert asked(town, path).headers["Cache-Control"] == "private, max-age=1"
    town.later(1)
    assert statuses(town, path) == [404] * len(WAYS)


@clause("11.4")
@pytest.mark.parametrize(
    "made",
    [
        lambda signed: "",
        lambda signed: "1",
        lambda signed: signed.rpartition(".")[0],
        lambda signed: str(int(signed.partition(".")[0]) + 1) + "." + signed.partition(".")[2],
        lambda signed: signed[:-1] + ("A" if signed[-1] != "A" else "B"),
        lambda signed: signed + "ä",
        lambda signed: "9" * 13 + "." + signed.partition(".")[2],
    ],
)
def test_a_signature_that_was_changed_allows_nothing(made):
    signer, photo, now = Signer("secret"), 5, 1_700_000_000_500
    signed = signer.prefix(photo, now).removeprefix("/s/")
    assert signer.allows(signed, photo, now)
    assert not signer.allows(made(signed), photo, now)
