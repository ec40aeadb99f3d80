"""Whatever is sent wrongly is refused with a clear problem document, in the order that the contract gives."""

import struct

import httpx
import pytest

from tests.behaviours import clause
from tests.integration.conftest import Someone, chunk, png

pytestmark = pytest.mark.stack

JPEG_HEAD = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb0043")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


@pytest.fixture(scope="module")
def ann(http):
    return Someone(http)


@pytest.fixture(scope="module")
def photo(ann):
    return ann.upload("of #refusals")


def problem_of(answer, status):
    """The problem document of an answer, checked."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert {"type", "title", "status", "detail"} <= document.keys()
    assert document["status"] == status
    return document


def huge_png(side):
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"not an image at all", 415),
        (SVG, 415),
        (b"GIF89a" + bytes(20), 415),
        (b"", 422),
        (JPEG_HEAD, 422),
        (png()[:-20], 422),
        (huge_png(65_536), 422),
        (bytes(11_000_000), 413),
    ],
    ids=["text", "svg named jpg", "gif", "empty", "truncated jpeg", "truncated png", "65,536 px", "11 MB"],
)
def test_what_is_no_picture_of_ours_is_refused(ann, content, status):
    problem_of(ann.ask("POST", "/v1/photos", files={"file": ("x.jpg", content, "image/jpeg")}), status)


def test_an_upload_without_a_file_or_a_form_is_refused(ann):
    without = problem_of(ann.ask("POST", "/v1/photos", data={"caption": "x"}, files={"other": b"x"}), 422)
    assert without["errors"][0]["field"] == "file"
    problem_of(ann.ask("POST", "/v1/photos", json={"file": "x"}), 415)


@pytest.mark.parametrize("caption", ["x" * 2201, "a\0b"], ids=["too long", "NUL"])
def test_a_caption_that_cannot_be_kept_is_refused_by_name(ann, photo, caption):
    files = {"file": ("x.png", png(), "image/png")}
    sent = problem_of(ann.ask("POST", "/v1/photos", data={"caption": caption}, files=files), 422)
    changed = problem_of(ann.ask("PATCH", f"/v1/photos/{photo}", json={"caption": caption}), 422)
    assert sent["errors"][0]["field"] == changed["errors"][0]["field"] == "caption"


@pytest.mark.parametrize("text", ["", "  \n\u200b", "x" * 2201, "a\0b"], ids=["empty", "blank", "too long", "NUL"])
def test_a_comment_that_says_nothing_or_too_much_is_refused(ann, photo, text):
    problem_of(ann.ask("POST", f"/v1/photos/{photo}/comments", json={"text": text}), 422)


@pytest.mark.parametrize("body", [b"", b"{", b'{"text": 5}', b'{"text": null}', b"{}", b'{"text": "\\ud800"}', b"[]"])
def test_malformed_json_and_wrong_fields_are_refused(ann, photo, body):
    sent = {"content": body, "headers": {"Content-Type": "application/json"}}
    problem_of(ann.ask("POST", f"/v1/photos/{photo}/comments", **sent), 422)


def test_another_body_type_is_415_and_a_large_json_413(ann, photo):
    path = f"/v1/photos/{photo}/comments"
    problem_of(ann.ask("POST", path, content=b"hm", headers={"Content-Type": "text/plain"}), 415)
    large = b'{"text": "' + b"x" * 70_000 + b'"}'
    problem_of(ann.ask("POST", path, content=large, headers={"Content-Type": "application/json"}), 413)


@pytest.mark.parametrize("username", ["", "x" * 31, "a b", "ä", "a\0b", "a/b"])
def test_a_user_name_of_other_characters_is_refused(http, username):
    said = problem_of(http.post("/v1/accounts", json={"username": username, "display_name": "X"}), 422)
    assert said["errors"][0]["field"] == "username"


def test_a_taken_user_name_is_409_in_any_case(http, ann):
    problem_of(http.post("/v1/accounts", json={"username": ann.name.upper(), "display_name": "X"}), 409)


@pytest.mark.parametrize("token", ["x", "a.b.c", "Bearer"])
def test_a_malformed_token_is_401_on_public_reads_too(http, photo, token):
    answer = http.get(f"/v1/photos/{photo}", headers={"Authorization": f"Bearer {token}"})
    problem_of(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_without_a_token_writes_are_401_and_public_reads_are_answered(http, photo):
    problem_of(http.put(f"/v1/photos/{photo}/like"), 401)
    assert http.get(f"/v1/photos/{photo}").status_code == 200


@pytest.mark.parametrize("name", ["0", "-1", "abc", "9223372036854775808", "1", "99999999999999999999", "00012"])
def test_a_like_for_an_id_that_cannot_exist_is_404(ann, name):
    problem_of(ann.ask("PUT", f"/v1/photos/{name}/like"), 404)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/users/123", "/v1/users/@nobody.at.all", "/v1/users/@", "/v1/users/12/photos", "/nothing", "/v1",
        "/v1/photos/1/comments", "/photos/1/150.jpg", "/photos/1/9.jpg", "/s/x/photos/1/150.jpg",
    ],
)  # fmt: skip
def test_what_does_not_exist_is_404(http, path):
    problem_of(http.get(path), 404)


def test_a_method_that_is_not_there_is_405_with_those_that_are(http):
    answer = http.put("/v1/photos/1")
    problem_of(answer, 405)
    assert {"GET", "PATCH", "DELETE"} <= {method.strip() for method in answer.headers["allow"].split(",")}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=", "cursor=x", "cursor=", "sort=best", "limit=%ff"]
)
def test_a_wrong_query_is_422(http, photo, query):
    problem_of(http.get(f"/v1/photos/{photo}/comments?{query}"), 422)


def test_a_cursor_of_another_list_is_422(ann, photo):
    for text in ("one", "two"):
        ann.ask("POST", f"/v1/photos/{photo}/comments", 201, json={"text": text})
    cursor = ann.get(f"/v1/photos/{photo}/comments", limit=1)["next"]
    problem_of(ann.ask("GET", f"/v1/photos/{photo}/comments", params={"cursor": cursor, "sort": "oldest"}), 422)
    problem_of(ann.ask("GET", "/v1/feed", params={"cursor": cursor}), 422)


def test_an_unreadable_position_is_422_but_404_goes_first(http, photo):
    headers = {"Darkroom-After": "yesterday"}
    problem_of(http.get(f"/v1/photos/{photo}", headers=headers), 422)
    problem_of(http.get("/v1/photos/12", headers=headers), 404)


def test_what_is_wrong_is_told_in_order(http, ann):
    path = "/v1/photos/12/comments"
    problem_of(http.post(path, content=b"{", headers={"Content-Type": "text/plain"}), 401)
    problem_of(ann.ask("POST", path, content=b"{", headers={"Content-Type": "text/plain"}), 404)


@clause("4.6")
def test_taking_back_what_never_was_is_done(ann):
    for path in ("/v1/photos/12/like", "/v1/comments/12/like", "/v1/users/12/block", "/v1/users/12/mute",
                 "/v1/follow-requests/12", "/v1/me/followers/12"):  # fmt: skip
        ann.ask("DELETE", path, 204)
    assert ann.ask("DELETE", "/v1/users/12/follow", 202).json() == {"state": "none"}
    problem_of(ann.ask("PUT", "/v1/follow-requests/12"), 404)


@pytest.mark.parametrize("until", ["yesterday", "2001-01-01T00:00:00.000Z", "2999-01-01T00:00:00"])
def test_a_mute_ends_in_the_future(ann, person, until):
    bob = person()
    problem_of(ann.ask("PUT", f"/v1/users/{bob.id}/mute", after=[bob], json={"until": until}), 422)


def test_another_persons_photo_and_comment_are_403(ann, photo, person):
    bob = person()
    problem_of(bob.ask("DELETE", f"/v1/photos/{photo}", after=[ann]), 403)
    problem_of(bob.ask("PATCH", f"/v1/photos/{photo}", after=[ann], json={"caption": "x"}), 403)
    comment = ann.ask("POST", f"/v1/photos/{photo}/comments", 201, json={"text": "mine"}).json()["id"]
    problem_of(bob.ask("DELETE", f"/v1/comments/{comment}", after=[ann]), 403)


def test_the_description_and_its_page_are_served(http):
    assert http.get("/openapi.json").json()["openapi"].startswith("3.1")
    assert "text/html" in http.get("/docs").headers["content-type"]
    assert "darkroom_api_answers" in http.get("/metrics").text
    assert {each["name"] for each in http.get("/v1/status").json()["projections"]} >= {"photos", "timelines"}


def test_an_answer_arrives_though_the_client_sends_too_much(settings, ann):
    """A client that reads only after it has sent everything still gets its 413."""

    def pieces():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(20):
            yield bytes(1 << 20)

    headers = {"Authorization": f"Bearer {ann.token}", "Content-Type": "multipart/form-data; boundary=x"}
    with httpx.Client(base_url=settings.api_url, timeout=20.0) as client:
        problem_of(client.post("/v1/photos", content=pieces(), headers=headers), 413)
