"""The resize effect: thumbnail first, events in the order of their records, bytes gone with their photo."""

import asyncio

import pytest

from agents.pictures import Darkroom
from agents.resize import GONE, make_effect
from schemas.events import Event, PhotoDeleted, PhotoEdited, PhotoRejected, PhotoUploaded, VariantReady
from schemas.ids import compose_id
from schemas.object_keys import ORIGINALS, PIXELS, VARIANTS, original_key, variant_key
from streams.fold import Batch, Caused, NeighbourAway, Record
from streams.memory_objects import MemoryObjects
from streams.state import MemoryState
from tests.behaviours import clause
from tests.specs.pictures_made import a_png

NOW = 1_760_000_000_000
OWNER = compose_id(NOW - 1, 7, 1)
DARKROOM_ITSELF = 0
ANNA, BEN, CARL = (compose_id(NOW + n, 7, 0) for n in range(3))


@pytest.fixture(scope="module")
def room() -> Darkroom:
    return Darkroom()


def said(kind: type[Event], photo: int, actor: int = OWNER, **fields) -> Event:
    return kind(event_id=str(photo), occurred_at=NOW, actor_id=actor, source="test", photo_id=photo, owner_id=OWNER, **fields)


def uploaded(photo: int) -> Event:
    key = original_key(photo)
    return said(PhotoUploaded, photo, original_key=key, content_type="image/png", size_bytes=1, sha256="", caption=None)


def batch(*events: Event) -> Batch:
    records = [Record(10 + at, NOW, event) for at, event in enumerate(events)]
    return Batch("photos", 0, 10, 10 + len(events), records)


async def given(originals: dict[int, bytes]) -> MemoryObjects:
    objects = MemoryObjects()
    await objects.prepare()
    for photo, body in originals.items():
        await objects.put(ORIGINALS, original_key(photo), body, "image/png")
    return objects


async def all_of(effect, *events: Event, state: MemoryState | None = None) -> list[Caused]:
    return [caused async for caused in effect(batch(*events), state or MemoryState())]


def test_an_upload_becomes_four_variants_the_thumbnail_first(room):
    async def story():
        objects = await given({ANNA: a_png(2_000, 1_000)})
        caused = await all_of(make_effect(objects, room), uploaded(ANNA))
        assert [type(c.event) for c in caused] == [VariantReady] * 4
        assert [(c.event.pixels, c.event.width, c.event.height) for c in caused] == [
            (150, 150, 75), (320, 320, 160), (640, 640, 320), (1_080, 1_080, 540),
        ]  # fmt: skip
        assert {(c.event.original_width, c.event.original_height, c.event.owner_id) for c in caused} == {(2_000, 1_000, OWNER)}
        for c in caused:
            stat = await objects.stat(VARIANTS, variant_key(ANNA, c.event.pixels))
            assert (stat.content_type, stat.size_bytes) == ("image/jpeg", c.event.size_bytes)

    asyncio.run(story())


def test_the_thumbnail_is_said_as_soon_as_it_is_stored_and_before_the_rest(room):
    async def story():
        objects = await given({ANNA: a_png(2_000, 1_000)})
        seen = []
        async for caused in make_effect(objects, room)(batch(uploaded(ANNA)), MemoryState()):
            if not seen:
                assert await objects.exists(VARIANTS, variant_key(ANNA, 150))
                assert not await objects.exists(VARIANTS, variant_key(ANNA, 1_080))
            seen.append(caused.event.pixels)
        assert seen == list(PIXELS)

    asyncio.run(story())


def test_events_come_in_the_order_of_their_records_however_long_each_photo_takes(room):
    """Kills: yielding whichever photo is done first, whose stamp would make readers drop the others as repeats."""

    async def story():
        objects = await given({ANNA: a_png(9_000, 4_000), BEN: a_png(2, 2), CARL: a_png(3, 3)})
        caused = await all_of(make_effect(objects, room), uploaded(ANNA), uploaded(BEN), uploaded(CARL))
        assert [(c.offset, c.event.photo_id) for c in caused] == [(10, ANNA)] * 4 + [(11, BEN)] * 4 + [(12, CARL)] * 4

    asyncio.run(story())


def test_what_cannot_be_decoded_is_rejected_in_words_and_the_next_is_resized(room):
    async def story():
        whole = a_png(50, 50)
        objects = await given({ANNA: whole[:-20], BEN: whole})
        caused = await all_of(make_effect(objects, room), uploaded(ANNA), uploaded(BEN))
        assert isinstance(caused[0].event, PhotoRejected)
        assert "cut off" in caused[0].event.reason
        assert [c.event.photo_id for c in caused] == [ANNA] + [BEN] * 4

    asyncio.run(story())


def test_an_original_that_is_gone_is_rejected_and_not_a_crash(room):
    async def story():
        objects = await given({})
        caused = await all_of(make_effect(objects, room), uploaded(ANNA))
        assert [(type(c.event), c.event.reason) for c in caused] == [(PhotoRejected, GONE)]

    asyncio.run(story())


@clause("5.3")
def test_a_photo_deleted_in_the_same_batch_is_not_resized_and_leaves_no_bytes(room):
    async def story():
        objects = await given({ANNA: a_png(50, 50), BEN: a_png(50, 50)})
        caused = await all_of(make_effect(objects, room), uploaded(ANNA), uploaded(BEN), said(PhotoDeleted, ANNA))
        assert {c.event.photo_id for c in caused} == {BEN}
        assert not await objects.exists(ORIGINALS, original_key(ANNA))
        assert await objects.exists(ORIGINALS, original_key(BEN))

    asyncio.run(story())


@clause("8.4")
@pytest.mark.parametrize("actor", [OWNER, DARKROOM_ITSELF])
def test_deleting_removes_the_original_and_every_variant_and_may_be_repeated(room, actor):
    async def story():
        objects = await given({ANNA: a_png(50, 50)})
        effect = make_effect(objects, room)
        await all_of(effect, uploaded(ANNA))
        for _ in range(2):
            assert await all_of(effect, said(PhotoDeleted, ANNA, actor)) == []
        assert not await objects.exists(ORIGINALS, original_key(ANNA))
        assert [await objects.exists(VARIANTS, variant_key(ANNA, pixels)) for pixels in PIXELS] == [False] * 4

    asyncio.run(story())


@clause("5.3", "8.4")
@pytest.mark.parametrize("actor", [OWNER, DARKROOM_ITSELF])
def test_an_upload_that_comes_again_after_its_photo_was_deleted_leaves_no_bytes(room, actor):
    async def story():
        objects, state = await given({ANNA: a_png(50, 50)}), MemoryState()
        effect = make_effect(objects, room)
        await all_of(effect, uploaded(ANNA), state=state)
        await all_of(effect, said(PhotoDeleted, ANNA, actor), state=state)
        state.commit()
        # A client whose answer was lost sends the same file once more, under the same id.
        await objects.put(ORIGINALS, original_key(ANNA), a_png(50, 50), "image/png")
        assert await all_of(effect, uploaded(ANNA), state=state.reopened()) == []
        assert not await objects.exists(ORIGINALS, original_key(ANNA))
        assert [await objects.exists(VARIANTS, variant_key(ANNA, pixels)) for pixels in PIXELS] == [False] * 4

    asyncio.run(story())


def test_only_its_owner_can_have_a_photos_bytes_deleted(room):
    async def story():
        objects = await given({ANNA: a_png(50, 50)})
        await all_of(make_effect(objects, room), uploaded(ANNA), said(PhotoDeleted, ANNA, actor=OWNER + 1))
        assert await objects.exists(ORIGINALS, original_key(ANNA))
        assert await objects.exists(VARIANTS, variant_key(ANNA, 150))

    asyncio.run(story())


def test_a_repeat_says_and_stores_the_same(room):
    async def story():
        objects = await given({ANNA: a_png(700, 50)})
        runs = []
        for _ in range(2):
            caused = await all_of(make_effect(objects, room), uploaded(ANNA))
            runs.append((caused, [(await objects.stat(VARIANTS, variant_key(ANNA, p))).etag for p in PIXELS]))
        assert runs[0] == runs[1]

    asyncio.run(story())


def test_other_events_of_photos_are_passed_over(room):
    async def story():
        objects = await given({})
        edited = said(PhotoEdited, ANNA, caption_changed=True, caption="new")
        assert await all_of(make_effect(objects, room), edited) == []

    asyncio.run(story())


def test_a_store_that_is_away_is_said_as_it_is_and_nothing_is_left_running(room):
    class Away(MemoryObjects):
        async def put(self, bucket: str, key: str, body: bytes, content_type: str) -> str:
            if bucket == VARIANTS:
                raise NeighbourAway("object store: put failed 4 times")
            return await super().put(bucket, key, body, content_type)

    async def story():
        objects = Away()
        await objects.prepare()
        for photo in (ANNA, BEN, CARL):
            await objects.put(ORIGINALS, original_key(photo), a_png(50, 50), "image/png")
        with pytest.raises(NeighbourAway, match="put failed"):
            await all_of(make_effect(objects, room), uploaded(ANNA), uploaded(BEN), uploaded(CARL))
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(story())


def test_the_event_loop_lives_while_a_picture_is_decoded(room):
    async def story():
        objects = await given({ANNA: a_png(9_000, 9_000)})
        beats = 0

        async def beat():
            nonlocal beats
            while True:
                await asyncio.sleep(0.005)
                beats += 1

        beating = asyncio.create_task(beat())
        assert len(await all_of(make_effect(objects, room), uploaded(ANNA))) == 4
        beating.cancel()
        assert beats > 20, "the loop stood still"

    asyncio.run(story())
