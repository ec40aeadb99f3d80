"""What is committed to the group is the end of the contiguous prefix of finished batches, in delivery order; never more."""

from collections import defaultdict, deque

from faust.types import TP
from hypothesis import event, given, strategies as some

from streams.assignor import SlotAssignor, share_partitions
from streams.transport import BatchConsumer

TP0 = TP("likes", 0)


def accounts() -> BatchConsumer:
    """A consumer with its accounting and nothing else."""
    consumer = BatchConsumer.__new__(BatchConsumer)
    consumer._in_flight, consumer._acked, consumer._acked_index = defaultdict(deque), defaultdict(list), defaultdict(set)
    return consumer


@given(some.lists(some.tuples(some.integers(1, 9), some.integers(1, 4)), min_size=1, max_size=20), some.data())
def test_the_commit_never_passes_a_batch_that_is_not_finished(gaps, data):
    """Kills: an offset that counts as the next one because the one before it was committed (Faust's off-by-one, #606)."""
    consumer, offset, ends = accounts(), -1, []
    for gap, _ in gaps:
        offset += gap
        ends.append(offset)
        consumer._in_flight[TP0].append(offset)
    finished, committed = set(), None
    for end in data.draw(some.permutations(ends)):
        consumer._acked[TP0].append(end)
        consumer._acked_index[TP0].add(end)
        finished.add(end)
        if data.draw(some.booleans()):
            new = consumer._new_offset(TP0)
            committed = new if new is not None else committed
            unfinished = [end for end in ends if end not in finished]
            event("held back" if unfinished else "all")
            if committed is not None:
                assert all(end >= committed for end in unfinished)
    new = consumer._new_offset(TP0)
    assert (new if new is not None else committed) == ends[-1] + 1
    assert not consumer._in_flight[TP0]
    assert not consumer._acked[TP0]
    assert not consumer._acked_index[TP0]


@given(some.integers(1, 12), some.integers(1, 40))
def test_members_share_partitions_evenly_in_ranges_and_alike_for_every_topic(members, partitions):
    """Kills: an assignment that gives one worker likes[3] and another one comments[3]."""
    shares = share_partitions(members, {"comments": partitions, "likes": partitions})
    given_out = [number for share in shares for number in dict(share)["likes"]]
    assert sorted(given_out) == list(range(partitions)) == given_out
    sizes = [len(dict(share)["likes"]) for share in shares]
    assert max(sizes) - min(sizes) <= 1
    assert all(dict(share)["likes"] == dict(share)["comments"] for share in shares)


def test_the_slot_and_not_the_member_s_name_places_a_worker():
    class Cluster:
        def partitions_for_topic(self, topic):
            return {0, 1}

    one, two = (SlotAssignor.for_slot(slot).metadata({"likes"}) for slot in (0, 1))
    shares = SlotAssignor.assign(Cluster(), {"a": two, "b": one})
    assert dict(shares["b"].assignment) == {"likes": [0]}
    assert dict(shares["a"].assignment) == {"likes": [1]}
