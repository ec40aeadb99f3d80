"""The registry endpoint as stock clients use it: a real server, the Confluent client, and its deserializer."""

import json
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from schemas.codec import open_codec
from schemas.events import AccountOpened, LikeKind
from schemas.lock import read_lock
from tests.specs.likes_made import plain_like

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 20


@pytest.fixture(scope="module")
def url():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "schemas", "serve", "--port", str(port)], cwd=ROOT)
    try:
        wait_for(f"http://127.0.0.1:{port}/subjects", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        assert server.wait(10) is not None


def wait_for(address: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, "the registry ended"
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the registry did not answer within {START_SECONDS} s")


@pytest.fixture(scope="module")
def client(url):
    return SchemaRegistryClient({"url": url})


def value_of(topic: str) -> SerializationContext:
    return SerializationContext(topic, MessageField.VALUE)


def test_a_stock_deserializer_reads_what_our_encoder_wrote(client):
    encoder, _ = open_codec()
    like = plain_like(5)
    read = AvroDeserializer(client)(encoder.encode(like), value_of("likes"))
    assert read == {
        "event_id": like.event_id,
        "occurred_at": datetime.fromtimestamp(like.occurred_at / 1000, UTC),
        "actor_id": like.actor_id,
        "source": "http",
        "trace": like.trace,
        "photo_id": like.photo_id,
        "kind": LikeKind.LIKED,
        "comment_id": like.comment_id,
    }


def test_a_stock_deserializer_reads_every_topic_with_several_types(client):
    encoder, _ = open_codec()
    opened = AccountOpened(
        event_id="1", occurred_at=0, actor_id=7, source="http", user_id=7, username="anna", display_name="Änna"
    )
    read = AvroDeserializer(client)(encoder.encode(opened), value_of("accounts"))
    assert (read["username"], read["display_name"], read["private"]) == ("anna", "Änna", False)


@pytest.mark.parametrize("settings", [{"auto.register.schemas": False}, {"auto.register.schemas": True}])
def test_our_decoder_reads_what_a_stock_serializer_wrote(client, settings):
    _, decoder = open_codec()
    text = json.dumps(dict(read_lock().latest["likes", "LikeChanged"].schema))
    like = plain_like(5)
    written = AvroSerializer(client, text, conf=settings)(
        {field: getattr(like, field) for field in like.__struct_fields__}, value_of("likes")
    )
    assert decoder.decode(written, "likes") == like


def test_a_new_schema_is_not_registered(client):
    stranger = Schema('{"type": "record", "name": "Stranger", "fields": []}', "AVRO")
    with pytest.raises(SchemaRegistryError, match="read-only") as refusal:
        client.register_schema("likes-value", stranger)
    assert (refusal.value.http_status_code, refusal.value.error_code) == (422, 42205)


def test_the_client_finds_subjects_versions_and_ids(client):
    lock = read_lock()
    id_ = lock.latest["likes", "LikeChanged"].id
    assert client.get_subjects() == sorted(lock.subjects)
    assert client.get_versions("likes-value") == [1]
    latest = client.get_latest_version("likes-value")
    assert (latest.schema_id, latest.version, latest.subject) == (id_, 1, "likes-value")
    assert client.get_version("likes-value", 1).schema_id == id_
    assert json.loads(client.get_schema(id_).schema_str) == lock.schemas[id_].schema
    assert client.lookup_schema("likes-value", latest.schema).schema_id == id_
    assert client.get_compatibility("likes-value") == "FULL_TRANSITIVE"


@pytest.mark.parametrize(
    ("method", "path", "status", "answer"),
    [
        ("GET", "/", 200, {}),
        ("GET", "/schemas/types", 200, ["AVRO"]),
        ("GET", "/config", 200, {"compatibilityLevel": "FULL_TRANSITIVE"}),
        ("GET", "/config/likes-value", 200, {"compatibilityLevel": "FULL_TRANSITIVE"}),
        ("GET", "/mode", 200, {"mode": "READONLY"}),
        ("GET", "/mode/likes-value", 200, {"mode": "READONLY"}),
        ("GET", "/schemas/ids/12?subject=likes-value", 200, ...),
        ("GET", "/schemas/ids/12/schema", 200, ...),
        ("GET", "/schemas/ids/12/subjects", 200, ["likes-darkroom.likes.LikeChanged", "likes-value"]),
        (
            "GET",
            "/schemas/ids/12/versions",
            200,
            [{"subject": "likes-darkroom.likes.LikeChanged", "version": 1}, {"subject": "likes-value", "version": 1}],
        ),
        ("GET", "/subjects/likes-value/versions/latest/schema", 200, ...),
        ("GET", "/subjects/likes-value/versions/-1", 200, ...),
        ("GET", "/subjects/nobody/versions", 404, 40401),
        ("GET", "/subjects/likes-value/versions/2", 404, 40402),
        ("GET", "/subjects/likes-value/versions/x", 422, 42202),
        ("GET", "/schemas/ids/9999", 404, 40403),
        ("GET", "/schemas/ids/x", 404, 40403),
        ("GET", "/associations/resources/likes", 404, 404),
        ("POST", "/subjects/likes-value", 422, 42201),
        ("DELETE", "/subjects/likes-value", 405, 405),
        ("PUT", "/config", 405, 405),
    ],
)
def test_a_route_answers_as_clients_expect(url, method, path, status, answer):
    response = httpx.request(method, url + path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/vnd.schemaregistry.v1+json"
    if status != 200:
        assert response.json()["error_code"] == answer
        assert response.json()["message"]
    elif answer is not ...:
        assert response.json() == answer


def test_a_posted_body_that_is_no_schema_is_refused(url):
    for body in (b"", b"[]", b'{"schema": 7}', b'{"schema": "{"}', b"\xff", b'{"x": "' + b"a" * (1 << 21) + b'"}'):
        answer = httpx.post(f"{url}/subjects/likes-value", content=body)
        assert (answer.status_code, answer.json()["error_code"]) == (422, 42201)
    unknown = httpx.post(f"{url}/subjects/likes-value", json={"schema": '"string"'})
    assert (unknown.status_code, unknown.json()["error_code"]) == (404, 40403)
