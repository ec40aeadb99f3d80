"""Who gets a photo into their timeline, when, and in which pieces."""

from itertools import count

from agents.deliveries import CHUNK
from agents.fanout import MOST_SPANS, agent
from agents.rules import Rules
from projections.rows import AuthorRow, Backfill, Closed, Delivery
from schemas.ids import compose_id, shard_of
from tests.behaviours import clause
from tests.specs.builders import ANN, BOB, CY, DAWN, DEE, erased, photo, uploaded, variant
from tests.specs.feeds_made import LATER, Fanout, ended, gained, lost, pulled, pushed, requested


def ready(number: int, owner: int = ANN):
    return variant(photo(owner, number), owner, 150, number)


def test_a_ready_photo_reaches_its_owner_and_their_followers_in_one_delivery():
    rows = Fanout().given(gained(ANN, BOB), gained(ANN, CY)).when(ready(1))
    assert len(rows) == 1
    assert rows[0].photo_id == photo(ANN, 1)
    assert rows[0].user_ids[0] == ANN
    assert set(rows[0].user_ids) == {ANN, BOB, CY}


def test_a_photo_is_not_delivered_before_its_thumbnail_nor_by_the_larger_variants():
    feeds = Fanout().given(gained(ANN, BOB))
    assert feeds.when(uploaded(photo(ANN), ANN), variant(photo(ANN), ANN, 320), variant(photo(ANN), ANN, 1_080)) == []
    assert feeds.timeline(BOB) == set()


def test_a_photo_that_is_said_to_be_ready_twice_is_delivered_once():
    feeds = Fanout().given(gained(ANN, BOB), ready(1))
    assert feeds.when(ready(1)) == []


def test_every_ready_photo_goes_into_its_authors_ring_once():
    feeds = Fanout().given(ready(1), ready(2), pulled(ANN, 3), ready(4), ready(2))
    assert feeds.authors == [AuthorRow(ANN, photo(ANN, number)) for number in (1, 2, 4)]


def test_those_who_unfollowed_get_nothing_more():
    feeds = Fanout().given(gained(ANN, BOB), gained(ANN, CY), lost(ANN, BOB), ready(1))
    assert feeds.timeline(BOB) == set()
    assert feeds.timeline(CY) == {photo(ANN, 1)}


def test_who_only_asks_to_follow_gets_nothing_more():
    feeds = Fanout().given(gained(ANN, BOB), requested(ANN, BOB), ready(1))
    assert feeds.timeline(BOB) == set()
    assert feeds.refused == []


@clause("14.1", "14.6")
def test_the_end_of_an_author_closes_their_two_rings_and_nothing_of_theirs_is_delivered_any_more():
    feeds = Fanout().given(gained(ANN, BOB), ready(1))
    assert feeds.when(ended(ANN)) == [Closed(ANN)]
    assert feeds.authors[-1] == Closed(ANN)
    assert feeds.when(ready(2)) == []
    assert feeds.when(gained(ANN, CY), pulled(ANN, 5), pushed(ANN, 9), ended(ANN)) == []
    assert feeds.authors[-1] == Closed(ANN)
    assert feeds.refused == []


def test_of_an_author_who_ended_nothing_is_kept_but_that_and_what_they_deleted():
    """In any order: else a photo that is read late would be kept, or a follower who is lost late delivered to."""
    told = [gained(ANN, BOB), ended(ANN)], [ready(1), ready(2), erased(photo(ANN, 2), ANN)]
    states = []
    for first, second in (told, told[::-1]):
        feeds = Fanout().given(*first, *second, gained(ANN, CY), pulled(ANN, 9))
        states.append(feeds.state.items)
    assert states[0] == states[1]
    assert sorted(key[:1] for key in states[0]) == [b"E", b"T"]


def test_what_an_author_was_about_to_be_delivered_in_the_batch_that_ends_them_is_not():
    feeds = Fanout().given(ready(1), pulled(ANN, 2), ready(3), gained(BOB, DEE), ready(4, BOB))
    rows = feeds.when(pushed(ANN, 2), gained(ANN, CY), ended(ANN), gained(BOB, CY))
    assert rows == [Closed(ANN), Backfill(CY, (photo(BOB, 4),))]


def test_a_reprint_closes_the_rings_of_authors_who_ended():
    feeds = Fanout().given(gained(ANN, BOB), ready(1), ready(2, BOB), ended(ANN))
    reprint = agent(Rules()).reprint
    assert list(reprint(feeds.state, "timelines")) == [Closed(ANN), Backfill(BOB, (photo(BOB, 2),))]
    assert list(reprint(feeds.state, "authors")) == [Closed(ANN), Backfill(BOB, (photo(BOB, 2),))]


def test_a_follow_backfills_the_newest_photos_newest_first():
    rows = Fanout().given(ready(1), ready(3), ready(2)).when(gained(ANN, BOB))
    assert rows == [Backfill(BOB, (photo(ANN, 3), photo(ANN, 2), photo(ANN, 1)))]


def test_following_again_restores_what_was_missed_meanwhile():
    feeds = Fanout().given(gained(ANN, BOB), ready(1), lost(ANN, BOB), ready(2))
    assert feeds.visible(BOB) == []
    feeds.given(gained(ANN, BOB))
    assert feeds.visible(BOB) == [photo(ANN, 2), photo(ANN, 1)]


def test_a_follow_that_is_gained_and_lost_in_one_batch_backfills_nothing():
    assert Fanout().given(ready(1)).when(gained(ANN, BOB), lost(ANN, BOB)) == []


def test_a_repeated_gain_backfills_nothing():
    assert Fanout().given(ready(1), gained(ANN, BOB)).when(gained(ANN, BOB)) == []


def test_following_somebody_without_photos_backfills_nothing():
    assert Fanout().when(gained(ANN, BOB)) == []


def test_a_backfill_holds_one_more_than_the_depth_so_that_a_ring_knows_of_older_ones():
    feeds = Fanout(depth=5).given(*(ready(number) for number in range(1, 20)))
    assert feeds.when(gained(ANN, BOB)) == [Backfill(BOB, tuple(photo(ANN, number) for number in range(19, 13, -1)))]


def test_a_deleted_photo_is_not_backfilled():
    assert Fanout().given(ready(1), ready(2), erased(photo(ANN, 2), ANN)).when(gained(ANN, BOB)) == [
        Backfill(BOB, (photo(ANN, 1),))
    ]


def test_in_a_full_list_a_deleted_photo_keeps_its_place():
    """Kills: a list shortened by deletes, after which a new follower's ring believes that nothing older exists."""
    feeds = Fanout(depth=3).given(*(ready(number) for number in range(1, 9)), erased(photo(ANN, 8), ANN))
    (backfill,) = feeds.when(gained(ANN, BOB))
    assert len(backfill.photo_ids) == 4
    assert feeds.visible(BOB) == [photo(ANN, number) for number in (7, 6, 5)]


def test_a_photo_deleted_before_it_is_ready_is_never_delivered():
    feeds = Fanout().given(gained(ANN, BOB), erased(photo(ANN, 1), ANN))
    assert feeds.when(ready(1)) == []
    assert feeds.authors == []
    assert feeds.when(gained(ANN, CY)) == []


def test_a_photo_deleted_in_the_batch_that_made_it_ready_is_not_delivered():
    feeds = Fanout().given(gained(ANN, BOB))
    assert feeds.when(ready(1), ready(2), erased(photo(ANN, 1), ANN)) == [Delivery(photo(ANN, 2), (ANN, BOB))]
    assert feeds.authors == [AuthorRow(ANN, photo(ANN, 2))]


def test_what_others_say_of_a_photos_end_changes_nothing():
    feeds = Fanout().given(gained(ANN, BOB), erased(photo(ANN, 1), ANN, actor=BOB))
    assert feeds.when(ready(1)) == [Delivery(photo(ANN, 1), (ANN, BOB))]


def test_while_an_author_is_pulled_their_photos_reach_only_their_own_timeline():
    feeds = Fanout().given(gained(ANN, BOB), ready(1), pulled(ANN, 5))
    assert feeds.when(ready(6)) == [Delivery(photo(ANN, 6), (ANN,))]
    assert feeds.visible(BOB) == [photo(ANN, 6), photo(ANN, 1)]


def test_an_older_photo_that_becomes_ready_late_is_pushed_though_its_author_is_pulled_by_now():
    feeds = Fanout().given(gained(ANN, BOB), pulled(ANN, 5))
    assert feeds.when(ready(4)) == [Delivery(photo(ANN, 4), (ANN, BOB))]


def test_going_down_later_photos_are_pushed_and_the_span_stays_pulled():
    feeds = Fanout().given(gained(ANN, BOB), pulled(ANN, 5), ready(6), pushed(ANN, 10), ready(11))
    assert feeds.timeline(BOB) == {photo(ANN, 11)}
    assert feeds.visible(BOB) == [photo(ANN, 11), photo(ANN, 6)]


def test_the_end_of_a_span_that_is_read_late_pushes_what_it_kept_back():
    feeds = Fanout().given(gained(ANN, BOB), pulled(ANN, 5), ready(6), ready(11), ready(12))
    assert feeds.when(pushed(ANN, 10)) == [Delivery(photo(ANN, number), (ANN, BOB)) for number in (11, 12)]


def test_following_an_author_backfills_all_but_the_pulled_spans():
    feeds = Fanout().given(ready(1), pulled(ANN, 5), ready(6), pushed(ANN, 10), ready(11), pulled(ANN, 20), ready(21))
    assert feeds.when(gained(ANN, BOB)) == [Backfill(BOB, (photo(ANN, 11), photo(ANN, 1)))]
    assert feeds.visible(BOB) == [photo(ANN, number) for number in (21, 11, 6, 1)]


def test_a_photo_on_the_border_of_a_span_is_pushed_so_that_rounding_loses_none():
    feeds = Fanout().given(gained(ANN, BOB), pulled(ANN, 5), pushed(ANN, 9), ready(5), ready(9))
    assert feeds.timeline(BOB) == {photo(ANN, 5), photo(ANN, 9)}


def test_an_author_who_goes_up_and_down_for_ever_is_remembered_in_bounded_space():
    ups = (event for turn in range(3 * MOST_SPANS) for event in (pulled(ANN, 10 * turn), pushed(ANN, 10 * turn + 5)))
    feeds = Fanout().given(*ups)
    assert max(len(value) for key, value in feeds.state.items.items() if key.startswith(b"S")) == 16 * MOST_SPANS


def crowd(size: int) -> list[int]:
    return [compose_id(DAWN, 9, 0) + number for number in range(size)]


def test_a_large_audience_comes_in_chunks_of_at_most_a_thousand_each_follower_once():
    for size in (CHUNK - 1, CHUNK, 2 * CHUNK - 1, 2 * CHUNK, 2_500, 4 * CHUNK - 1, 4 * CHUNK, 5_500):
        followers = crowd(size)
        rows = Fanout().given(*(gained(ANN, follower) for follower in followers)).when(ready(1))
        assert all(0 < len(row.user_ids) <= CHUNK for row in rows)
        assert sorted(who for row in rows for who in row.user_ids) == sorted([ANN, *followers])


def test_a_large_author_delays_each_of_the_others_by_one_chunk_and_no_more():
    """Kills: delivering photo after photo, or a few to their end before the next ones, so that all five chunks come first."""
    small = [compose_id(DAWN, number, 7) for number in range(1, 13)]
    feeds = Fanout().given(*(gained(ANN, follower) for follower in crowd(5_000)), *(gained(author, CY) for author in small))
    rows = feeds.when(ready(1, ANN), *(ready(2 + n, author) for n, author in enumerate(small)))
    assert [row.photo_id for row in rows[:13]] == [photo(ANN, 1), *(photo(author, 2 + n) for n, author in enumerate(small))]
    assert [row.photo_id for row in rows[13:]] == [photo(ANN, 1)] * 5


def test_photos_of_one_author_are_delivered_in_order_to_one_chunk_after_the_other():
    feeds = Fanout().given(*(gained(ANN, follower) for follower in crowd(1_500)))
    rows = feeds.when(ready(2), ready(1))
    assert [row.photo_id for row in rows] == [photo(ANN, 1), photo(ANN, 2)] * 2


def test_followers_are_scanned_only_as_rows_are_written():
    """Kills: building a celebrity's deliveries in memory before the first is written."""
    feeds = Fanout().given(*(gained(ANN, follower) for follower in crowd(5_000)))
    scans = count()
    kept = feeds.state.scan

    def watched(*args):
        next(scans)
        return kept(*args)

    feeds.state.scan = watched
    from streams.fold import Batch, Record

    rows = feeds.fold(Batch("photos", 0, 0, 1, [Record(0, LATER, ready(1))]), feeds.state).rows["timelines"]
    before = next(scans)
    next(iter(rows))
    assert next(scans) == before + 2


def test_a_photo_from_the_future_is_refused():
    ahead = compose_id(LATER + 60_001, shard_of(ANN), 1)
    feeds = Fanout().given(variant(ahead, ANN, 150))
    assert feeds.rows == []
    assert "minted 60001 ms after it reached the log" in feeds.refused[0]


def test_an_audience_event_without_a_follower_is_refused():
    feeds = Fanout().given(gained(ANN, None))
    assert "GAINED with follower_id None makes no sense" in feeds.refused[0]
