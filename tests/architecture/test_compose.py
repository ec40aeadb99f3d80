"""compose.yaml says the same as the catalogue of the local stack, which is the one that runs every day.

`compose_spec.json` is the compose schema as the package docker-compose 1.29.2 ships it (Apache License 2.0).
"""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from infra import catalog
from infra.components import Preparation, Process
from infra.kafka.server import server_properties
from infra.postgres_server import SETTINGS
from infra.settings import SECRETS, Settings

ROOT = Path(__file__).resolve().parents[2]
ROLES = ("people", "content", "feeds", "media", "trends")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def components(tmp_path_factory):
    usual = {"env": "development", "port_base": 28000, "store": "minio", "servers": 2, "brokers": 1, "workers": 1}
    settings = Settings(data=tmp_path_factory.mktemp("data"), **usual, **dict.fromkeys(SECRETS, "x" * 16))
    return {component.name: component for component in [*catalog.core(settings), *catalog.ours(settings, ROLES)]}


def processes(components):
    return [component for component in components.values() if isinstance(component, Process)]


def test_the_file_obeys_the_compose_schema(compose):
    schema = json.loads(Path(__file__).with_name("compose_spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(compose)


def test_it_has_the_components_of_the_catalogue_and_no_other(compose, components):
    assert sorted(compose["services"]) == sorted(components)


def test_every_service_listens_on_the_ports_of_its_component(compose, components):
    for process in processes(components):
        assert [int(port) for port in compose["services"][process.name]["expose"]] == list(process.ports), process.name


def test_every_service_has_the_health_check_of_its_component(compose, components):
    for process in processes(components):
        check = " ".join(compose["services"][process.name]["healthcheck"]["test"])
        assert (process.health_url or str(process.ports[0])) in check, process.name


def test_every_service_waits_for_what_its_component_waits_for(compose, components):
    for component in components.values():
        assert sorted(compose["services"][component.name].get("depends_on", {})) == sorted(component.after), component.name


def test_our_commands_are_the_same(compose, components):
    for component in components.values():
        if isinstance(component, Preparation) or component.command[0] == catalog.PYTHON:
            assert compose["services"][component.name]["command"].split() == list(component.command[2:]), component.name


def test_kafka_is_configured_the_same(compose):
    properties = server_properties([(28010, 28011)], 1, Path("/var/lib/kafka/data"))
    wanted = {f"KAFKA_{re.sub('[.]', '_', name).upper()}": value for name, value in pairs(properties)}
    assert compose["services"]["kafka"]["environment"] == wanted | {"KAFKA_HEAP_OPTS": "-Xms256m -Xmx512m"}


def pairs(properties):
    return [line.split("=", 1) for line in properties.splitlines()]


def test_postgres_is_configured_the_same(compose):
    of_the_image = ("unix_socket_directories", "password_encryption", "logging_collector")
    wanted = {f"-c{name}={value}" for name, value in SETTINGS.items() if name not in of_the_image}
    for name in ("postgres0", "postgres1"):
        assert wanted == {word for word in compose["services"][name]["command"] if word.startswith("-c")}, name


def test_every_secret_is_asked_for_and_none_is_written_down(compose):
    for name in SECRETS:
        variable = f"DARKROOM_{name.upper()}"
        assert compose["services"]["api"]["environment"][variable] == f"${{{variable}:?}}"
