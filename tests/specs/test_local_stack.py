"""The local stack's pure parts: what is configured, in which order it starts, and what the command line says."""

import struct

import click
import pytest

from infra import catalog, postgres_server, stack
from infra.__main__ import main
from infra.components import Preparation, Process, StackError
from infra.kafka import node, probe
from infra.kafka.server import cluster_id, server_properties
from infra.settings import SECRETS, Settings
from infra.supervision import Supervisor, program_section


@pytest.fixture
def settings(tmp_path):
    given = {"env": "test", "port_base": 28500, "workers": 2, "servers": 2, "brokers": 1, "store": "minio"}
    return Settings(data=tmp_path, **given, **dict.fromkeys(SECRETS, "a-secret-of-length"))


def process(name, *after, command=("true",)):
    return Process(name=name, command=command, ports=(), ready=lambda: None, after=after)


def properties(nodes, node, path):
    return dict(line.split("=", 1) for line in server_properties(nodes, node, path).splitlines())


def test_components_start_in_waves_each_after_all_that_it_needs():
    given = [process("api", "topics", "registry"), process("registry"), Preparation("topics", (), ("kafka",)), process("kafka")]
    assert [[one.name for one in wave] for wave in stack.waves(given)] == [["registry", "kafka"], ["topics"], ["api"]]


def test_every_component_needs_only_what_the_catalogue_has(settings):
    components = [*catalog.core(settings), *catalog.ours(settings, ["people", "feeds"])]
    names = {component.name for component in components}
    assert {need for component in components for need in component.after} <= names


@pytest.mark.parametrize("brokers", [1, 3])
def test_no_two_processes_share_a_port(settings, brokers):
    settings = settings.model_copy(update={"brokers": brokers})
    components = [*catalog.core(settings), *catalog.ours(settings, ["people", "feeds", "media"])]
    ports = [port for component in components if isinstance(component, Process) for port in component.ports]
    assert len(ports) == len(set(ports))


def test_more_workers_leave_the_ports_of_the_others_alone(settings):
    def ports(workers):
        grown = settings.model_copy(update={"workers": workers})
        return {one.name: one.ports for one in catalog.workers(grown, ["people", "feeds"], {})}

    assert ports(1).items() <= ports(3).items()
    assert len(ports(3)) == 6


def test_one_kafka_node_keeps_everything_for_ever_and_creates_no_topic_by_itself(tmp_path):
    one = properties([(28010, 28011)], 1, tmp_path)
    assert (one["log.retention.ms"], one["auto.create.topics.enable"]) == ("-1", "false")
    assert one["transaction.state.log.replication.factor"] == "1"


def test_three_kafka_nodes_lose_nothing_when_one_dies(tmp_path):
    second = properties([(28010, 28011), (28020, 28021), (28030, 28031)], 2, tmp_path)
    assert second["listeners"] == "PLAINTEXT://127.0.0.1:28020,CONTROLLER://127.0.0.1:28021"
    assert second["controller.quorum.voters"].count("@") == 3
    assert (second["default.replication.factor"], second["min.insync.replicas"]) == ("3", "2")
    assert second["unclean.leader.election.enable"] == "false"
    assert second["offsets.topic.replication.factor"] == second["transaction.state.log.replication.factor"] == "3"


def begun_with(brokers, settings):
    """A data directory whose log was formatted for so many brokers."""
    log = settings.data / "kafka" / "log-1"
    log.mkdir(parents=True)
    begun = settings.model_copy(update={"brokers": brokers})
    node.properties_file(settings, 1).write_text(server_properties(begun.kafka_ports, 1, log))
    (log / "meta.properties").touch()


@pytest.mark.parametrize(("there", "wanted"), [(1, 3), (3, 1)])
def test_another_number_of_brokers_than_the_log_was_begun_with_is_refused_before_anything_is_touched(settings, there, wanted):
    begun_with(there, settings)
    before = sorted(settings.data.rglob("*"))
    with pytest.raises(StackError, match=rf"Nothing was started: .*BROKERS={wanted}[^0-9]") as refused:
        node.prepare_kafka(settings.model_copy(update={"brokers": wanted}))
    assert f"make up BROKERS={there}" in str(refused.value)
    assert "make clean" in str(refused.value)
    assert sorted(settings.data.rglob("*")) == before


def test_the_same_number_of_brokers_and_an_empty_directory_are_fine(settings):
    node.refuse_another_number(settings)
    begun_with(3, settings)
    node.refuse_another_number(settings.model_copy(update={"brokers": 3}))


def metadata(brokers, in_sync):
    """What a node answers about one topic of one partition with a replica on each of three nodes."""

    def numbers(values):
        return struct.pack(f">i{len(values)}i", len(values), *values)

    told = b"".join(struct.pack(">i", one) + probe.text("localhost") + struct.pack(">i", 9000 + one) for one in brokers)
    partition = struct.pack(">hii", 0, 0, 1) + numbers([1, 2, 3]) + numbers(in_sync)
    topic = struct.pack(">h", 0) + probe.text("likes") + struct.pack(">i", 1) + partition
    return struct.pack(">i", len(brokers)) + told + struct.pack(">i", 1) + topic


def test_a_node_that_came_back_is_behind_until_every_replica_of_its_is_in_sync():
    cluster = probe.read_cluster(metadata(brokers=[1, 3], in_sync=[1]))
    assert cluster.brokers == {9001: 1, 9003: 3}
    assert cluster.behind == {2: 1, 3: 1}
    assert probe.read_cluster(metadata([1, 2, 3], [3, 2, 1])).behind == {}


def test_a_cluster_id_is_stable_and_never_looks_like_an_option():
    names = [cluster_id(str(number)) for number in range(200)]
    assert len(set(names)) == 200
    assert all(len(name) == 22 and not name.startswith("-") for name in names)
    assert cluster_id("7") == names[7]


def test_a_component_dies_with_its_supervisor_and_a_percent_sign_is_kept(tmp_path):
    section = program_section(process("redis", command=("redis-server", "/odd%place")), tmp_path)
    assert "command=setpriv --pdeathsig TERM -- redis-server /odd%%place\n" in section


def test_a_data_directory_too_deep_for_a_socket_gets_one_elsewhere(tmp_path):
    assert Supervisor(tmp_path).socket.parent == tmp_path / "run"
    deep = tmp_path / ("deep" * 30)
    assert len(str(Supervisor(deep).socket)) < 100


def test_clusters_in_a_closed_place_lie_elsewhere_and_are_found_again(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(postgres_server.os, "geteuid", lambda: 0)
    monkeypatch.setattr(postgres_server, "can_pass", lambda folder: folder != tmp_path.parent)
    root = postgres_server.clusters_root(settings)
    assert root.parent == postgres_server.ELSEWHERE
    assert postgres_server.clusters_root(settings) == root


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_a_sentence_and_an_example(name):
    command = main.commands[name]
    text = command.get_help(click.Context(command, info_name=name))
    assert "Example: " in text
    assert command.help.split("\n")[0].endswith(".")
