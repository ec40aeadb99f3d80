"""What the log must look like before anybody reads or writes it, and what is said when it does not."""

from schemas.catalog import TOPICS
from streams.topics import Found, check_shapes, wanted_shapes


def found(partitions: int = 8, replicas: int = 1) -> dict[str, Found]:
    return {shape.name: Found(shape.partitions, replicas) for shape in wanted_shapes(partitions)}


def test_every_topic_of_the_catalogue_and_the_control_topics_are_wanted():
    shapes = {shape.name: shape for shape in wanted_shapes(8)}
    assert set(shapes) == {topic.name for topic in TOPICS} | {"lanes", "ownership"}
    assert {shape.partitions for shape in shapes.values()} == {8, 1}
    assert shapes["lanes"].partitions == shapes["ownership"].partitions == 1


def test_events_are_kept_for_ever_and_stamped_by_the_broker():
    for shape in wanted_shapes(8):
        if shape.name != "lanes":
            assert shape.config["retention.ms"] == shape.config["retention.bytes"] == "-1", shape.name
        assert shape.config["message.timestamp.type"] == "LogAppendTime", shape.name


def test_a_dead_letter_has_room_for_the_largest_record():
    limits = {shape.name: int(shape.config.get("max.message.bytes", 0)) for shape in wanted_shapes(8)}
    assert limits["dead_letters"] > limits["likes"] + 4_096


def test_the_right_shape_is_right():
    assert check_shapes(found(), wanted_shapes(8)) == []


def test_a_missing_topic_is_named_with_the_command_that_makes_it():
    there = found()
    del there["photos"]
    assert check_shapes(there, wanted_shapes(8)) == ["topic photos is missing; make it with `python -m streams topics create`"]


def test_another_number_of_partitions_is_refused_with_the_two_ways_out():
    (wrong,) = check_shapes(found() | {"likes": Found(4, 1)}, wanted_shapes(8))
    assert wrong.startswith("topic likes has 4 partitions, wanted 8")
    assert "DARKROOM_PARTITIONS=4" in wrong
    assert "make clean" in wrong


def test_of_three_copies_two_must_have_a_record_before_it_is_acknowledged_and_none_that_lacks_it_may_lead():
    """Kills: one copy in sync is enough, a broker that fell behind may lead."""
    for shape in wanted_shapes(8, replicas=3):
        assert shape.replicas == 3, shape.name
        assert shape.config["min.insync.replicas"] == "2", shape.name
        assert shape.config["unclean.leader.election.enable"] == "false", shape.name
    assert {shape.config["min.insync.replicas"] for shape in wanted_shapes(8)} == {"1"}


def test_a_topic_with_fewer_copies_than_its_cluster_promises_is_refused_and_more_are_fine():
    """Kills: copies are not looked at."""
    assert check_shapes(found(replicas=3), wanted_shapes(8, replicas=3)) == []
    assert check_shapes(found(replicas=3), wanted_shapes(8)) == []
    (wrong,) = check_shapes(found(replicas=3) | {"lanes": Found(1, 1)}, wanted_shapes(8, replicas=3))
    assert wrong.startswith("topic lanes is kept by 1 broker(s), wanted 3")
    assert "DARKROOM_BROKERS=1" in wrong
