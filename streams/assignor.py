"""Which worker gets which partitions: the same numbers of every topic, in ranges, by the workers' slots."""

from collections.abc import Iterable, Mapping

from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata


class SlotAssignor(AbstractPartitionAssignor):
    """Gives worker number i of n the i-th range of partitions, of every topic alike; the slot travels in the user data."""

    name = "darkroom-slots"
    slot = 0

    @classmethod
    def for_slot(cls, slot: int) -> type["SlotAssignor"]:
        """Return the assignor of one worker; aiokafka wants a class."""
        return type("SlotAssignor", (cls,), {"slot": slot})

    @classmethod
    def metadata(cls, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        """Return what this member says of itself when it joins."""
        return ConsumerProtocolMemberMetadata(0, sorted(topics), str(cls.slot).encode())

    @classmethod
    def assign(cls, cluster, members: Mapping[str, ConsumerProtocolMemberMetadata]) -> dict:
        """Return each member's partitions."""
        topics = sorted({topic for member in members.values() for topic in member.subscription})
        counts = {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in topics}
        ordered = sorted(members, key=lambda member: (int(members[member].user_data or b"0"), member))
        shares = share_partitions(len(ordered), counts)
        return {member: ConsumerProtocolMemberAssignment(0, share, b"") for member, share in zip(ordered, shares, strict=True)}

    @classmethod
    def on_assignment(cls, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Nothing is remembered."""


def share_partitions(members: int, counts: Mapping[str, int]) -> list[list[tuple[str, list[int]]]]:
    """Return each member's (topic, partitions): contiguous ranges, the same numbers of every topic."""
    return [
        [(topic, [p for p in range(count) if p * members // count == member]) for topic, count in counts.items()]
        for member in range(members)
    ]
