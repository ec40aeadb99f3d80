"""A ring in Redis equals a sorted set of which the newest are kept, in any order, with any repeats."""

import pytest
from hypothesis import HealthCheck, event, given, settings, strategies as st

from projections.ring import Ring
from tests.contracts.test_rings import FIRST, RedisRing
from tests.stores import fresh_stores

# Near-ordered runs with swaps, repeats and far strays: what fan-out under several workers looks like.
steps = st.lists(
    st.one_of(
        st.tuples(st.just("next"), st.integers(1, 3)),
        st.tuples(st.just("back"), st.integers(0, 12)),
        st.tuples(st.just("stray"), st.integers(0, 300)),
        st.tuples(st.just("many"), st.integers(0, 40)),
    ),
    min_size=1,
    max_size=120,
)


@pytest.fixture(scope="module")
def places():
    with fresh_stores() as places:
        yield places


@pytest.fixture(scope="module")
def redis_ring(places):
    ring = RedisRing(places.redis_url, 10)
    yield ring
    ring.close()


def offers(drawn):
    """Turn steps into lists of ids to offer at once."""
    newest = FIRST + 300
    for kind, number in drawn:
        if kind == "next":
            newest += number
            yield [newest]
        elif kind == "back":
            yield [newest - number]
        elif kind == "stray":
            yield [FIRST + number]
        else:
            yield [newest - 2 * back for back in range(number)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=steps, depth=st.sampled_from([1, 3, 8, 10, 17, 33]))
def test_a_ring_holds_the_newest_distinct_ids_ever_offered(redis_ring, drawn, depth):
    """Kills: the window before the head that ignores the seam, `>=` for `>` at the newest, a floor left behind on a cut."""
    redis_ring.depth = depth
    redis_ring.call("DEL", "{s0001}home.1:7")
    model: set[int] = set()
    for photo_ids in offers(drawn):
        if len(photo_ids) == 1:
            redis_ring.deliver(photo_ids[0])
        else:
            redis_ring.backfill(photo_ids)
        model.update(photo_ids)
    found = redis_ring.content()
    kept = sorted(model, reverse=True)[:depth]
    event("cut" if len(model) > depth else "whole")
    assert found.ids == tuple(kept)
    assert found.floor == (kept[-1] if len(model) > depth else 0)


@settings(max_examples=300, deadline=None)
@given(drawn=steps, depth=st.sampled_from([1, 3, 8, 17]), order=st.randoms(use_true_random=False))
def test_the_ring_in_memory_does_not_care_for_order(drawn, depth, order):
    """Kills: a memory twin that evicts before it looks for a repeat, or forgets the floor of what it refused."""
    groups = list(offers(drawn))
    one, other = Ring(depth), Ring(depth)
    for photo_ids in groups:
        one.offer(photo_ids)
    shuffled = [photo_id for photo_ids in groups for photo_id in photo_ids] * 2
    order.shuffle(shuffled)
    other.offer(shuffled)
    assert one.content() == other.content()
