"""Settings: one frozen object; the environment, then `.env`, then the default; a wrong value is named."""

import os
import re

import pytest
from pydantic import ValidationError

from infra import settings as module
from infra.settings import (
    SECRETS,
    Settings,
    SettingsError,
    cluster_file,
    environment_for_tests,
    generate_secrets,
    load_settings,
)


@pytest.fixture(autouse=True)
def bare_surroundings(monkeypatch, tmp_path):
    """No variable and no `.env` of the person who runs the tests, and a data directory of its own."""
    for name in [name for name in os.environ if name.startswith("DARKROOM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(module, "CHECKOUT", tmp_path)


def settings(**given):
    return Settings(**dict.fromkeys(SECRETS, "a-secret-of-length"), **given)


def test_the_environment_wins_over_dotenv_and_dotenv_over_the_default(monkeypatch, tmp_path):
    generate_secrets(tmp_path / ".darkroom")
    (tmp_path / ".env").write_text("DARKROOM_WORKERS=3\nDARKROOM_SHARDS=128\n")
    monkeypatch.setenv("DARKROOM_WORKERS", "2")
    loaded = load_settings()
    assert (loaded.workers, loaded.shards, loaded.partitions) == (2, 128, 8)


def test_secrets_are_made_once_for_each_data_directory_and_readable_by_their_owner_only(tmp_path):
    path = generate_secrets(tmp_path / "one")
    first = path.read_text()
    assert generate_secrets(tmp_path / "one").read_text() == first
    assert generate_secrets(tmp_path / "two").read_text() != first
    assert path.stat().st_mode & 0o777 == 0o600


def test_secrets_do_not_print():
    shown = repr(settings()) + str(settings())
    assert "a-secret-of-length" not in shown


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        settings().shards = 128


def test_every_field_is_described():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [
        ("DARKROOM_SHARDS", "100", "power of two"),
        ("DARKROOM_SHARDS", "16384", "less than or equal to 8192"),
        ("DARKROOM_SHARDS", "many", "valid integer"),
        ("DARKROOM_BROKERS", "2", "1 or 3"),
        ("DARKROOM_STORE", "s3", "'minio' or 'versitygw'"),
        ("DARKROOM_ENV", "staging", "'development', 'production' or 'test'"),
        ("DARKROOM_FLUSH_SECONDS", "31", "less than or equal to 30"),
        ("DARKROOM_PARTITIONS", "7", "divisor of 64 shards"),
        ("DARKROOM_CELEBRITY_DOWN", "20000", "less than celebrity_up, 10000"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_it_and_says_what_is_wanted(monkeypatch, variable, value, wanted):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=re.escape(f"{variable}={value}: ")) as error:
        load_settings()
    assert wanted in str(error.value)


def test_a_wrong_secret_is_named_but_not_shown(monkeypatch):
    monkeypatch.setenv("DARKROOM_JWT_SECRET", "swordfish")
    with pytest.raises(SettingsError, match="DARKROOM_JWT_SECRET") as error:
        load_settings()
    assert "swordfish" not in str(error.value)


def test_missing_secrets_say_what_writes_them(tmp_path):
    with pytest.raises(SettingsError, match="DARKROOM_JWT_SECRET is not set: `make up`") as error:
        load_settings()
    assert str(tmp_path / ".darkroom" / "secrets.env") in str(error.value)


def test_ports_follow_from_the_base():
    placed = settings(port_base=29000, servers=3)
    assert placed.api_url == "http://127.0.0.1:29000"
    assert placed.registry_url == "http://127.0.0.1:29001"
    assert placed.redis_url.endswith("@127.0.0.1:29002/0")
    assert placed.object_endpoint == "127.0.0.1:29003"
    assert [dsn.split()[1] for dsn in placed.postgres_dsns] == ["port=29004", "port=29005", "port=29006"]
    assert placed.kafka_bootstrap == "127.0.0.1:29010"
    assert placed.worker_port(2) == 29052


def test_three_brokers_have_ports_of_their_own_and_each_is_named_to_clients():
    three = settings(port_base=29000, brokers=3)
    assert three.kafka_ports == [(29010, 29011), (29020, 29021), (29030, 29031)]
    assert three.kafka_bootstrap == "127.0.0.1:29010,127.0.0.1:29020,127.0.0.1:29030"
    assert (three.replicas, settings().replicas) == (3, 1)


def test_later_commands_know_how_many_brokers_a_data_directory_was_begun_with(monkeypatch, tmp_path):
    generate_secrets(tmp_path / ".darkroom")
    cluster_file(tmp_path / ".darkroom").write_text("DARKROOM_BROKERS=3\n")
    assert load_settings().brokers == 3
    monkeypatch.setenv("DARKROOM_BROKERS", "1")
    assert load_settings().brokers == 1


def test_neighbours_elsewhere_replace_the_local_ones(monkeypatch, tmp_path):
    generate_secrets(tmp_path / ".darkroom")
    monkeypatch.setenv("DARKROOM_KAFKA_BOOTSTRAP", "one:9092,two:9092")
    monkeypatch.setenv("DARKROOM_POSTGRES_DSNS", "host=a dbname=darkroom; host=b dbname=darkroom")
    loaded = load_settings()
    assert loaded.kafka_bootstrap == "one:9092,two:9092"
    assert loaded.postgres_dsns == ["host=a dbname=darkroom", "host=b dbname=darkroom"]


def test_a_process_that_is_given_the_environment_has_the_same_settings(monkeypatch, tmp_path):
    generate_secrets(tmp_path / ".darkroom")
    monkeypatch.setenv("DARKROOM_REDIS_URL", "redis://:secret@elsewhere:6379/0")
    first = load_settings()
    for name, value in first.as_environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == first


def test_the_lower_threshold_follows_the_upper_one_unless_it_is_set():
    assert settings(celebrity_up=50).celebrity_down == 45
    assert settings(celebrity_up=50, celebrity_down=10).celebrity_down == 10


def test_the_tests_have_ports_and_data_of_their_own(monkeypatch):
    usual = settings()
    for name, value in environment_for_tests().items():
        monkeypatch.setenv(name, value)
    own = settings()
    assert (own.port_base, own.data.name) == (usual.port_base + 500, ".darkroom-test")
    assert environment_for_tests() == {}


def test_the_tests_ignore_dotenv(monkeypatch, tmp_path):
    generate_secrets(tmp_path / ".darkroom-test")
    (tmp_path / ".env").write_text("DARKROOM_SHARDS=128\n")
    monkeypatch.setenv("DARKROOM_ENV", "test")
    assert load_settings().shards == 64
