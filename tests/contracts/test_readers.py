"""What writers wrote, readers find: pages in order, by key, over shards and servers."""

import asyncio
import contextlib
from types import SimpleNamespace

import psycopg
import pytest

from projections import (
    account_cards,
    accounts,
    authors,
    barriers,
    builds,
    celebrities,
    comments,
    counter_rows,
    counters,
    followers,
    followings,
    hydration,
    inboxes,
    liked,
    likes,
    notifications,
    photo_cards,
    photos,
    progress,
    rows,
    term_photos,
    timelines,
    trends,
    viewers,
)
from projections.away import StoreAway, StoreLost, StoreNotPrepared
from projections.builds import Builds
from projections.digest import digest
from projections.prepare import prepare
from projections.rows import AccountState, CounterKind, PhotoState
from projections.stores import open_stores
from projections.writers import open_writers
from schemas.ids import shard_of
from tests.contracts import projection_rows as world
from tests.contracts.projection_rows import ANNA, BEN, BENS_PHOTO, CARO, COMMENT, LATER_COMMENT, OTHER_PHOTO, PHOTO, START_MS
from tests.contracts.test_sinks import Guard
from tests.stores import fresh_stores


class Opened:
    """Opened stores that hold the small world, and the loop that they live in."""

    def __init__(self, places):
        self.places = places
        self._runner = asyncio.Runner()
        self._runner.run(self._open(places))

    async def _open(self, places) -> None:
        self.sink = await open_writers(places.dsns, places.redis_url, places.shards)
        self.stores = await open_stores(places.dsns, places.redis_url, places.shards)
        await self.sink.commit(Guard(1), world.everything())

    def run(self, work):
        return self._runner.run(work)

    def read(self, reader, *words):
        return self.run(reader(self.stores, *words))

    def write(self, number: int, **given) -> None:
        self.run(self.sink.commit(Guard(number, agent=f"test{number}"), given))

    def close(self) -> None:
        self.run(self.stores.close())
        self.run(self.sink.close())
        self._runner.close()


@pytest.fixture(scope="module")
def opened():
    with fresh_stores() as places:
        opened = Opened(places)
        yield opened
        opened.close()


def test_an_account_is_found_by_id_and_by_compared_name(opened):
    assert opened.read(accounts.by_id, ANNA) == world.account()
    named = world.account(world.made(5, accounts.shard_of_text("zoë", 8)), "Zoë")
    refused = named._replace(user_id=named.user_id + 1, state=AccountState.REFUSED)
    opened.write(10, accounts=[refused, named])
    assert opened.read(accounts.by_name, "zoë") == named
    assert opened.read(accounts.by_name, "nobody") is None


def test_an_id_of_a_shard_that_is_not_in_use_is_nobody(opened):
    stranger = world.made(0, 4000)
    assert opened.read(accounts.by_id, stranger) is None
    assert opened.read(photos.by_ids, [stranger, PHOTO]).keys() == {PHOTO}
    assert opened.read(photos.of_owners, [stranger], None, 5) == []


def test_account_cards_say_flags_and_finished_json(opened):
    found = opened.read(account_cards.cards, [ANNA, BEN, CARO, 5])
    assert found.keys() == {ANNA, BEN, CARO}
    assert found[BEN].private and found[CARO].deactivated and not found[ANNA].gone
    assert found[ANNA].json.decode() == f'{{"id":"{ANNA}","username":"Anna","display_name":"Anna 🌻"}}'


def test_a_photo_comes_back_as_it_was_written(opened):
    assert opened.read(photos.by_id, PHOTO) == world.photo()
    assert opened.read(photos.by_id, OTHER_PHOTO) == world.photo(OTHER_PHOTO, caption=None)


def test_photos_of_an_owner_are_ready_ones_newest_first_below_the_cursor(opened):
    hidden = [
        world.photo(world.made(70, 1), state=PhotoState.PROCESSING),
        world.photo(world.made(71, 1), state=PhotoState.DELETED),
    ]
    opened.write(11, photos=hidden)
    found = opened.read(photos.of_owner, ANNA, None, 10)
    assert [photo.photo_id for photo in found] == [OTHER_PHOTO, PHOTO]
    assert [photo.photo_id for photo in opened.read(photos.of_owner, ANNA, OTHER_PHOTO, 10)] == [PHOTO]


def test_photos_of_many_owners_merge_over_shards_and_servers(opened):
    found = opened.read(photos.of_owners, [ANNA, BEN, CARO], None, 10)
    assert found == [(BENS_PHOTO, BEN), (OTHER_PHOTO, ANNA), (PHOTO, ANNA)]
    assert opened.read(photos.of_owners, [ANNA, BEN], BENS_PHOTO, 1) == [(OTHER_PHOTO, ANNA)]


def test_likers_come_newest_like_first(opened):
    found = opened.read(likes.of_target, PHOTO, None, 10)
    assert [(row.user_id, row.order) for row in found] == [(CARO, 9), (BEN, 7)]
    assert [row.user_id for row in opened.read(likes.of_target, PHOTO, 9, 10)] == [BEN]
    assert opened.read(likes.one, PHOTO, BEN).liked_at == START_MS
    assert opened.read(likes.one, PHOTO, ANNA) is None


def test_liked_answers_for_many_targets_in_many_buckets(opened):
    far = world.made(5_000_000_000, 6)
    opened.write(12, liked=[rows.LikeRow(far, BEN, True, 0, 1)])
    assert opened.read(liked.among, BEN, [PHOTO, far, OTHER_PHOTO]) == {PHOTO, far}
    assert opened.read(liked.among, ANNA, []) == set()


def test_comments_sort_three_ways_without_the_deleted(opened):
    def ids(found):
        return [row.comment_id for row in found]

    assert ids(opened.read(comments.newest, PHOTO, None, 10)) == [LATER_COMMENT, COMMENT]
    assert ids(opened.read(comments.oldest, PHOTO, None, 10)) == [COMMENT, LATER_COMMENT]
    assert ids(opened.read(comments.top, PHOTO, None, 10)) == [LATER_COMMENT, COMMENT]
    assert ids(opened.read(comments.top, PHOTO, (5, LATER_COMMENT), 10)) == [COMMENT]
    assert opened.read(comments.by_id, world.GONE_COMMENT).deleted


def test_comment_pages_use_the_indexes(opened):
    """Kills: a sort column missing from an index, or a partial index that the query does not imply."""
    many = [rows.CommentRow(world.made(1000 + n, 1), PHOTO, BEN, "x", n % 50, False) for n in range(3_000)]
    opened.write(13, comments=many)
    explained = []
    server = opened.stores.postgres.shard_map.server_of(1)
    opened.run(opened.stores.postgres.run_on(server, "ANALYZE shard0001.comments_1"))
    for text in (comments._NEWEST, comments._OLDEST, comments._TOP):
        query = text.replace("{columns}", "*").replace("{table}", "shard0001.comments_1")
        params = (PHOTO, 4, world.made(2000, 1), 20) if text is comments._TOP else (PHOTO, world.made(2000, 1), 20)
        found = opened.run(opened.stores.postgres.fetch_on(server, f"EXPLAIN {query}", params))
        explained.append("\n".join(line for (line,) in found))
    assert all("Index Scan" in plan and "Sort" not in plan for plan in explained), "\n\n".join(explained)


def test_follow_pages_keep_requests_and_follows_apart(opened):
    assert [row.follower_id for row in opened.read(followers.page, ANNA, None, 10)] == [BEN]
    assert [row.follower_id for row in opened.read(followers.requests, ANNA, None, 10)] == [CARO]
    assert opened.read(followers.page, ANNA, (START_MS, BEN), 10) == []
    assert opened.read(followings.one, BEN, ANNA).state == "FOLLOWING"
    assert opened.read(followings.requests, BEN, None, 10) == []


def test_blocks_and_mutes_have_their_own_order_and_mutes_expire(opened):
    expiring = rows.BarrierRow(ANNA, BEN, None, True, START_MS + 9, START_MS + 100)
    opened.write(14, barriers=[expiring])
    assert [row.other_id for row in opened.read(barriers.blocks, ANNA, None, 10)] == [CARO]
    assert [row.other_id for row in opened.read(barriers.mutes, ANNA, START_MS + 50, None, 10)] == [BEN, CARO]
    assert [row.other_id for row in opened.read(barriers.mutes, ANNA, START_MS + 100, None, 10)] == [CARO]
    assert opened.read(barriers.one, ANNA, BEN) == expiring


def test_a_viewer_has_all_that_filters_need(opened):
    found = opened.read(viewers.viewer, BEN)
    assert found == ({ANNA}, set(), set(), {CARO}, {CARO: 0})
    assert opened.read(viewers.viewer, CARO) == viewers.NOBODY


def test_counts_come_in_the_order_asked_and_are_zero_when_unknown(opened):
    asked = [(CounterKind.USER_PHOTOS, BEN), (CounterKind.PHOTO_LIKES, PHOTO)]
    assert opened.read(counters.counts, asked) == [0, 2]
    assert opened.read(counter_rows.counts, asked) == [0, 2]


def test_timelines_and_authors_are_rings(opened):
    assert opened.read(timelines.page, BEN, None, 10) == ((OTHER_PHOTO, PHOTO), 0)
    assert opened.read(authors.pages, [ANNA, BEN], OTHER_PHOTO, 10) == {ANNA: ((PHOTO,), 0), BEN: ((), 0)}


def test_notifications_are_newest_first_below_the_cursor_and_their_person_s_own(opened):
    told = world.everything()["notifications"]
    newest, middle, oldest = told[1], told[2], told[0]
    everything = notifications.Without()
    assert opened.read(notifications.page, ANNA, None, 2, everything) == [newest, middle]
    assert opened.read(notifications.page, ANNA, middle.notification_id, 10, everything) == [oldest]
    for without, left in (
        (notifications.Without(actors={BEN}), [newest]),
        (notifications.Without(photos={PHOTO}), [middle]),
        (notifications.Without(comments={LATER_COMMENT}), [middle, oldest]),
    ):
        assert opened.read(notifications.page, ANNA, None, 10, without) == left
    opened.write(17, notifications=[newest._replace(standing=False)])
    assert opened.read(notifications.page, ANNA, None, 10, everything) == [middle, oldest]


def test_comments_are_found_by_their_ids_in_any_shard_and_deleted_ones_too(opened):
    elsewhere = rows.CommentRow(world.made(45, 6), BENS_PHOTO, ANNA, "over here", 0, False)
    opened.write(18, comments=[elsewhere])
    found = opened.read(comments.by_ids, [COMMENT, elsewhere.comment_id, world.GONE_COMMENT, 77, world.made(0, 4000)])
    assert found.keys() == {COMMENT, elsewhere.comment_id, world.GONE_COMMENT}
    assert found[elsewhere.comment_id] == elsewhere and found[world.GONE_COMMENT].deleted
    assert opened.read(comments.by_ids, []) == {}


def test_of_some_people_those_are_found_who_follow_or_asked(opened):
    found = opened.read(followers.among, ANNA, [BEN, CARO, ANNA])
    assert {who: row.state for who, row in found.items()} == {BEN: "FOLLOWING", CARO: "REQUESTED"}
    assert opened.read(followers.among, ANNA, []) == {}


def test_an_inbox_says_up_to_where_it_was_read(opened):
    assert opened.read(inboxes.read_up_to, ANNA) == world.everything()["inboxes"][0].read_up_to
    assert opened.read(inboxes.read_up_to, BEN) == 0


def test_celebrities_have_spans(opened):
    assert opened.read(celebrities.spans) == {ANNA: ((START_MS, 0),)}
    assert opened.read(celebrities.among, [ANNA, BEN]) == {ANNA: ((START_MS, 0),)}


def test_photos_of_a_term_are_newest_first(opened):
    opened.write(15, term_photos=[rows.TermPhotoRow("HASHTAGS", "sun", "SUN", OTHER_PHOTO, ANNA, True)])
    found = opened.read(term_photos.page, "HASHTAGS", "sun", None, 10)
    assert [row.photo_id for row in found] == [OTHER_PHOTO, PHOTO]
    assert opened.read(term_photos.page, "PLACES", "sun", None, 10) == []


def test_trends_answer_now_and_then(opened):
    [now] = world.everything()["trends"]
    assert opened.read(trends.at, "HASHTAGS", START_MS + 1) == now
    assert opened.read(trends.at, "HASHTAGS", START_MS - 1) is None
    assert opened.read(trends.latest, "HASHTAGS") == now
    assert opened.read(trends.latest, "HASHTAGS") == now, "from the cache"
    assert opened.read(trends.latest, "PLACES") is None


def test_an_empty_board_replaces_a_full_one(opened):
    opened.write(16, trends=[rows.BoardRows("HASHTAGS", START_MS + 300_000, ())])
    assert opened.read(trends.at, "HASHTAGS", START_MS + 300_000).ranks == ()


def test_hydration_joins_card_counts_and_owner(opened):
    found = opened.read(hydration.hydrate, [OTHER_PHOTO, PHOTO, 77])
    assert list(found) == [OTHER_PHOTO, PHOTO]
    photo = found[PHOTO]
    assert (photo.likes, photo.comments, photo.variants, photo.state) == (2, 2, (150, 640), "ready")
    assert photo.owner.json.startswith(b'{"id":')
    assert b'"created_at":"' in photo.json and b'"caption":"a \\"b\\" \\\\c #Sun"' in photo.json


def test_a_deleted_photos_card_has_no_content():
    card = photo_cards.decode(photo_cards.encode(world.photo(state=PhotoState.DELETED)))
    assert card.state == PhotoState.DELETED
    assert card.json.decode() == f'{{"id":"{PHOTO}","state":"deleted"}}'


def test_progress_is_read_as_it_was_published(opened):
    said = SimpleNamespace(
        agent="likes",
        partition=3,
        sources={"likes": 5},
        ends={"likes": 9},
        complete_until={"likes": START_MS},
        emitted={"trend_posts": {1: 44}},
    )
    opened.run(opened.sink.publish(said))
    births = {store: birth for store, birth in opened.run(opened.sink.identities()).items() if not store.startswith("build/")}
    assert opened.read(progress.snapshot) == [(*vars(said).values(), {"counters": 1, "counter_rows": 1}, births, {})]


def test_what_was_said_of_a_lost_redis_does_not_vouch_for_the_next_one():
    """Kills: a late word of a worker that knew the lost Redis, taken for one about the new one."""
    written = {"agent": "likes", "partition": 0, "sources": {}, "ends": {}, "complete_until": {}, "emitted": {}}
    value = progress.encode(SimpleNamespace(**written), Builds({}), {"redis": "lost", "postgres0": "b"})[1]

    for birth, seen in ((b"lost", 1), (b"new", 0), (None, 0)):
        answers = {"HGETALL": [b"likes/0", value], "GET": birth}

        async def call(word, *_words, answers=answers):
            return answers[word]

        found = asyncio.run(progress.look(SimpleNamespace(call=call), Builds({})))
        assert (found.birth, len(found.records)) == (birth and birth.decode(), seen)


def test_progress_in_another_build_than_is_read_says_nothing():
    """Kills: a reader that trusts, after a promotion, how far the old build is."""
    written = {"agent": "likes", "partition": 0, "sources": {}, "ends": {}, "complete_until": {}, "emitted": {}}
    value = progress.encode(SimpleNamespace(**written), Builds({}), {})[1]

    async def answer(word, *_words):
        return [b"likes/0", value] if word == "HGETALL" else b"a birth"

    for promoted, seen in (({}, 1), ({"counters": 2}, 0), ({"photos": 2}, 1)):
        stores = SimpleNamespace(redis=SimpleNamespace(call=answer), builds=Builds(promoted))
        assert len(asyncio.run(progress.snapshot(stores))) == seen


def test_a_rebuilt_build_stands_beside_the_live_one_until_it_is_promoted(opened):
    """Kills: a rebuild that shares the live guards, or writes a projection that it was not asked for."""

    async def work():
        places = opened.places
        first = await digest(opened.stores, "photos")
        await builds.create_build(opened.stores.postgres, "photos", 2)
        again = await open_writers(places.dsns, places.redis_url, places.shards, rebuild=("photos", 2))
        await again.commit(Guard(1, agent="photos"), world.everything())
        await again.close()
        second = await digest(opened.stores, "photos", 2)
        assert (second.rows, second.positions) == (3, {"photos": {0: {"likes": 1}}})
        await builds.promote(opened.stores.postgres, opened.stores.redis, "photos", 2)
        opened.stores.builds.replace(await opened.stores.postgres.promotions())
        assert (await digest(opened.stores, "photos")).total == second.total
        assert second.total != first.total, "the live build has photos that this test's rebuild was not given"
        with pytest.raises(ValueError, match="build 2 of photos is in use"):
            await builds.drop_build(opened.stores.postgres, opened.stores.redis, "photos", 2)
        await builds.promote(opened.stores.postgres, opened.stores.redis, "photos", 1)
        opened.stores.builds.replace(await opened.stores.postgres.promotions())
        await builds.drop_build(opened.stores.postgres, opened.stores.redis, "photos", 2)
        assert (await digest(opened.stores, "photos")).total == first.total
        assert (await digest(opened.stores, "photos", 2)).rows == 0

    opened.run(work())


def test_dropping_a_build_of_keys_leaves_the_other_build(opened):
    async def work():
        places = opened.places
        again = await open_writers(places.dsns, places.redis_url, places.shards, rebuild=("photo_cards", 2))
        await again.commit(Guard(1, agent="photos"), world.everything())
        await again.close()
        assert (await digest(opened.stores, "photo_cards", 2)).rows == 3
        await builds.drop_build(opened.stores.postgres, opened.stores.redis, "photo_cards", 2)
        assert (await digest(opened.stores, "photo_cards", 2)).rows == 0
        assert (await digest(opened.stores, "photo_cards")).rows == 3

    opened.run(work())


def test_a_digest_of_timelines_counts_what_the_reader_could_see(opened):
    async def work():
        before = await digest(opened.stores, "timelines")
        # A candidate from somebody whom Ben does not follow, and one that is not ready, are no part of the meaning.
        stranger, unknown = rows.Delivery(BENS_PHOTO, (ANNA,)), rows.Delivery(world.made(99, 1), (BEN,))
        await opened.sink.commit(Guard(1, agent="strangers"), {"timelines": [stranger, unknown]})
        assert (await digest(opened.stores, "timelines")).total == before.total
        # What Anna took while she is pulled comes from her own ring, in Ben's it may or may not be.
        assert before.rows == 1
        await opened.sink.commit(
            Guard(1, agent="ended"), {"celebrities": [rows.CelebrityRow(ANNA, ((START_MS, START_MS + 15),))]}
        )
        assert (await digest(opened.stores, "timelines")).rows == 2
        assert (await digest(opened.stores, "authors")).rows == 1

    opened.run(work())


def test_builds_of_rings_that_cut_at_different_ids_are_compared_above_both_floors():
    """Kills: a digest of rings that takes a candidate nobody sees, or where it was cut, for a difference."""
    with fresh_stores() as places:

        async def work():
            stores = await open_stores(places.dsns, places.redis_url, places.shards)
            own = [world.photo(world.made(n, 6), BEN) for n in range(12)]
            strangers = [world.photo(world.made(100 + n, 1), ANNA) for n in range(6)]
            for build, seen in ((1, [*own, *strangers]), (2, own)):
                again = await open_writers(places.dsns, places.redis_url, places.shards, 10, rebuild=("timelines", build))
                await again.commit(Guard(1), {"timelines": [rows.Delivery(photo.photo_id, (BEN,)) for photo in seen]})
                await again.close()
            live = await open_writers(places.dsns, places.redis_url, places.shards)
            await live.commit(Guard(1), {"photo_cards": [*own, *strangers]})
            one, other = await digest(stores, "timelines", 1), await digest(stores, "timelines", 2)
            assert one.total != other.total
            one, other = await digest(stores, "timelines", 1, 2), await digest(stores, "timelines", 2, 1)
            assert one.total == other.total and one.rows == 1
            await stores.close()
            await live.close()

        asyncio.run(work())


def test_a_writer_notices_that_redis_was_lost_and_writes_nothing_into_the_new_one():
    """Kills: a guard that gets into the new store and would refuse the replay."""
    with fresh_stores() as places:
        opened = Opened(places)

        async def work():
            await opened.stores.redis.call("FLUSHDB")
            await opened.stores.redis.prepare()
            with pytest.raises(StoreLost):
                await opened.sink.commit(Guard(9), world.everything())
            with pytest.raises(StoreLost):
                await opened.sink.publish(SimpleNamespace(agent="likes"))
            assert await opened.stores.redis.call("KEYS", "*guard*") == []

        opened.run(work())
        opened.close()


def test_stores_that_were_not_prepared_say_what_to_run():
    with fresh_stores() as places:

        async def work():
            redis = (await open_stores(places.dsns, places.redis_url, places.shards)).redis
            await redis.call("DEL", "birth")
            with pytest.raises(StoreNotPrepared, match="python -m projections prepare"):
                await open_stores(places.dsns, places.redis_url, places.shards)
            with pytest.raises(StoreNotPrepared, match="python -m projections prepare"):
                bare = [dsn.replace(dsn.split("dbname=")[1].split()[0], "postgres") for dsn in places.dsns]
                await open_stores(bare, places.redis_url, places.shards)

        asyncio.run(work())


def test_an_empty_server_in_the_place_of_the_one_that_was_read_is_recognised():
    """Kills: a reader for whom an empty server says that there is nobody, as if it had always been empty."""
    with fresh_stores() as places:

        async def work():
            sink = await open_writers(places.dsns, places.redis_url, places.shards)
            await sink.commit(Guard(1), world.everything())
            stores = await open_stores(places.dsns, places.redis_url, places.shards)
            births = list(stores.postgres.births)
            assert stores.postgres.found == births
            assert await accounts.by_id(stores, ANNA) is not None
            await sink.close()
            server = stores.postgres.shard_map.server_of(shard_of(ANNA))
            name = psycopg.conninfo.conninfo_to_dict(places.dsns[server])["dbname"]
            admin = psycopg.conninfo.make_conninfo(places.dsns[server], dbname="darkroom")
            async with await psycopg.AsyncConnection.connect(admin, autocommit=True) as connection:
                for statement in ("DROP DATABASE {} WITH (FORCE)", "CREATE DATABASE {}"):
                    await connection.execute(psycopg.sql.SQL(statement).format(psycopg.sql.Identifier(name)))
            with contextlib.suppress(StoreAway):
                assert await accounts.by_id(stores, ANNA) is None
            assert stores.postgres.found[server] == ""
            await prepare(places.dsns, places.redis_url, places.shards)
            found = await stores.postgres.identities()
            assert stores.postgres.found == [found["postgres0"], found["postgres1"]]
            assert stores.postgres.found[server] != births[server]
            assert await accounts.by_id(stores, ANNA) is None
            await stores.close()

        asyncio.run(work())
