"""Specification of how the API says no: problem documents, tokens, bodies, image parts."""

import asyncio
import json

import msgspec
import pytest

from api.auth import Tokens, bearer
from api.bodies import FILE_LIMIT_BYTES, JSON_LIMIT_BYTES, Incoming, decode_json, read_json, read_upload
from api.calls import origin_of, read_id
from api.images import wanted_part
from api.problems import Problem, invalid, unauthorized, unavailable
from api.shapes import NewAccount, NewComment
from api.signing import LIFETIME_SECONDS, Signer
from api.times import format_ms, read_time
from tests.behaviours import clause

BOUNDARY = "picture"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def incoming(*pieces):
    left = list(pieces)

    async def receive():
        piece = left.pop(0) if left else b""
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    return Incoming(receive)


def form(**fields):
    parts = []
    for name, value in fields.items():
        filename = '; filename="x.jpg"' if name == "file" else ""
        parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n'.encode() + value)
    return b"\r\n".join(parts) + f"\r\n--{BOUNDARY}--\r\n".encode()


def refused(awaitable):
    with pytest.raises(Problem) as caught:
        asyncio.run(awaitable)
    return caught.value


def test_a_problem_document_says_what_and_where():
    document = json.loads(invalid("caption", "too long").body())
    assert document == {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "caption: too long",
        "errors": [{"field": "caption", "message": "too long"}],
    }


def test_refusals_tell_how_to_go_on():
    assert unauthorized("no").headers["WWW-Authenticate"] == "Bearer"
    assert unavailable("no").headers["Retry-After"].isdecimal()


def test_a_token_names_its_person_until_it_expires():
    now = [1_000_000]
    tokens = Tokens("a secret of thirty-two characters", lambda: now[0])
    made = Tokens("a secret of thirty-two characters").make(77)
    assert tokens.user_of(made) == 77
    now[0] = 1 << 40
    with pytest.raises(Problem):
        tokens.user_of(made)


@pytest.mark.parametrize("token", ["x", "a.b.c", Tokens("another secret of thirty-two chars").make(1)])
def test_a_malformed_or_forged_token_is_refused(token):
    with pytest.raises(Problem) as caught:
        Tokens("a secret of thirty-two characters").user_of(token)
    assert caught.value.status == 401


@pytest.mark.parametrize("user_id", [-1, 1 << 63, 10**19])
def test_a_token_whose_sub_can_be_no_user_id_is_refused(user_id):
    tokens = Tokens("a secret of thirty-two characters")
    with pytest.raises(Problem) as caught:
        tokens.user_of(tokens.make(user_id))
    assert caught.value.status == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc"])
def test_an_authorization_that_is_no_bearer_is_refused(header):
    with pytest.raises(Problem):
        bearer(header)


@pytest.mark.parametrize("text", ["", "x", "-1", "01", "1.0", "٣", "9" * 20, str(1 << 63), "1 "])
def test_an_id_that_cannot_be_one_is_not_found(text):
    with pytest.raises(Problem) as caught:
        read_id(text, "photo")
    assert caught.value.status == 404


def test_wrong_fields_are_named():
    with pytest.raises(Problem) as caught:
        decode_json(b'{"username": "ann", "display_name": 5}', NewAccount)
    assert caught.value.status == 422
    assert caught.value.errors[0][0] == "display_name"


@pytest.mark.parametrize("body", [b"", b"{", b"nul", b'{"text": "\\ud800"}', b'{"text": "\xff"}', b"[" * 10_000])
def test_malformed_json_is_refused(body):
    with pytest.raises(Problem) as caught:
        decode_json(body, NewComment)
    assert caught.value.status == 422


def test_json_of_another_type_or_too_long_is_refused_before_it_is_read():
    assert refused(read_json(incoming(b"{}"), "text/plain", NewComment)).status == 415
    assert refused(read_json(incoming(b" " * (JSON_LIMIT_BYTES + 1)), "application/json", NewComment)).status == 413


def test_unknown_fields_are_ignored():
    body = msgspec.json.encode({"text": "hm", "colour": "red"})
    assert asyncio.run(read_json(incoming(body), "application/json; charset=utf-8", NewComment)).text == "hm"


def test_a_form_gives_its_file_and_texts_however_it_is_cut():
    body = form(file=b"\x00\r\n--pic\r\n", caption="á".encode(), other=b"x")
    for size in (1, 7, 1000):
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        read = asyncio.run(read_upload(incoming(*pieces), FORM))
        assert (read.file, read.caption, read.place) == (b"\x00\r\n--pic\r\n", "á", None)


def test_the_same_form_has_the_same_fingerprint_and_another_has_not():
    one, other = (asyncio.run(read_upload(incoming(form(file=b"a", caption=text)), FORM)) for text in (b"x", b"y"))
    assert one.fingerprint() == asyncio.run(read_upload(incoming(form(caption=b"x", file=b"a")), FORM)).fingerprint()
    assert one.fingerprint() != other.fingerprint()


def test_a_file_is_counted_while_it_is_read():
    pieces = [form(file=b"")[:-15], *[bytes(1 << 20)] * 11]
    body = incoming(*pieces)
    assert refused(read_upload(body, FORM)).status == 413
    asyncio.run(body.drop_rest())
    assert body.ended
    whole = form(file=bytes(FILE_LIMIT_BYTES))
    assert len(asyncio.run(read_upload(incoming(whole), FORM)).file) == FILE_LIMIT_BYTES


@pytest.mark.parametrize("body", [form(file=b"a")[:-8], b"", form(caption=b"\xff")])
def test_a_form_that_breaks_off_or_is_no_text_is_refused(body):
    assert refused(read_upload(incoming(body), FORM)).status == 422


def test_what_is_no_form_is_refused():
    assert refused(read_upload(incoming(b"{}"), "application/json")).status == 415


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None), ("bytes=0-0", (0, 0)), ("bytes=2-", (2, 9)), ("bytes=-3", (7, 9)), ("bytes=-99", (0, 9)),
        ("bytes=5-99", (5, 9)), ("bytes=5-2", None), ("bytes=0-1,3-4", None), ("items=0-1", None), ("bytes=-", None),
    ],
)  # fmt: skip
def test_parts_of_an_image(header, part):
    assert wanted_part(header, None, '"tag"', 10) == part


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=-0"])
def test_a_part_that_is_not_there_is_416(header):
    with pytest.raises(Problem) as caught:
        wanted_part(header, None, '"tag"', 10)
    assert (caught.value.status, caught.value.headers["Content-Range"]) == (416, "bytes */10")


def test_an_outdated_if_range_gives_the_whole():
    assert wanted_part("bytes=0-1", '"old"', '"tag"', 10) is None
    assert wanted_part("bytes=0-1", '"tag"', '"tag"', 10) == (0, 1)


@clause("11.4")
def test_a_signature_is_for_one_photo_and_ten_minutes():
    signer, now = Signer("secret"), 1_700_000_000_000
    signature = signer.prefix(5, now).removeprefix("/s/")
    assert signer.allows(signature, 5, now + LIFETIME_SECONDS * 1000 - 1)
    assert not signer.allows(signature, 5, now + LIFETIME_SECONDS * 1000)
    assert not signer.allows(signature, 6, now)
    assert not Signer("other").allows(signature, 5, now)
    assert not signer.allows("x", 5, now)


def test_times_are_written_with_milliseconds_and_read_back():
    assert format_ms(1_700_000_000_007) == "2023-11-14T22:13:20.007Z"
    assert read_time("2023-11-14T22:13:20.007Z") == 1_700_000_000_007
    with pytest.raises(ValueError, match="zone"):
        read_time("2023-11-14T22:13:20.007")


@pytest.mark.parametrize("host", ["127.0.0.1:28000", "darkroom.example", "[::1]:80"])
def test_image_urls_begin_with_the_host_that_was_called(host):
    assert origin_of("http", host) == f"http://{host}"


@pytest.mark.parametrize("host", ["", 'a"b', "a/b", "a b", "a\\b", "[x]"])
def test_a_host_that_is_none_does_not_get_into_an_answer(host):
    assert origin_of("https", host) == "https://localhost"
