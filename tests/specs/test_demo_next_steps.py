"""The commands that the demo suggests: about the right shard and server, and without a password on the screen."""

from infra.demo.next_steps import Surroundings, next_commands
from schemas.ids import compose_id

AROUND = Surroundings("http://127.0.0.1:28000", shards=64, servers=2, redis_port=28002)


def commands(shard, builds=None):
    photo = compose_id(1_790_000_000_000, shard, 5)
    return photo, "\n".join(command for _, command in next_commands(AROUND, "mira", "abc.def", photo, builds or {}))


def test_a_photo_is_asked_for_on_the_server_of_its_shard():
    for shard, server in ((0, 0), (31, 0), (32, 1), (63, 1)):
        photo, text = commands(shard)
        assert f"postgres_dsns[{server}]" in text
        assert f"FROM shard{shard:04d}.photos_1 WHERE photo_id = {photo}" in text
        assert f"GET '{{s{shard:04d}}}n.1:likes:{photo}'" in text


def test_commands_name_the_build_that_is_read_now():
    _, text = commands(3, {"photos": 4, "counters": 2})
    assert ".photos_4 " in text
    assert "n.2:likes" in text


def test_the_token_stands_in_the_curl_and_no_password_stands_anywhere():
    _, text = commands(3)
    assert "'Authorization: Bearer abc.def'" in text
    assert "password=" not in text
    assert "redis://" not in text
