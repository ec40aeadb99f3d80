"""Makes each uploaded photo's variants, the thumbnail first, and deletes a deleted photo's bytes.

An effect and not a fold: its work is on the object store, and safe to repeat since a photo's objects have fixed keys and the
same original gives the same bytes. Photos of a batch are worked on a few at a time, but their events are yielded in the
order of their records: a reader of derived events drops what is not above the last that it saw (I5). A deleted photo leaves
a tombstone in the state, so that an upload that comes again later, with its original, is erased again.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from agents.keys import key_of
from agents.pictures import Darkroom, Undecodable, Variant
from schemas.events import PhotoDeleted, PhotoRejected, PhotoUploaded, VariantReady
from schemas.ids import shard_of
from schemas.object_keys import ORIGINALS, PIXELS, VARIANTS, original_key, variant_key
from schemas.picture_header import JPEG
from streams.fold import Batch, Caused, Effect, Record, State
from streams.objects import ObjectMissing, Objects

NAME = "resize"
TOMBSTONE = b"d"
# One decodes while another waits for the store; more photos at once would only hold more originals in memory.
_AT_ONCE = 2

GONE = "The uploaded file is no longer there; please upload it again."


def make_effect(objects: Objects, room: Darkroom | None = None) -> Effect:
    """Return the effect that makes variants from and into this object store; it keeps a pool of two threads."""
    room = room or Darkroom()
    threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix=NAME)

    async def resize(batch: Batch, state: State) -> AsyncIterator[Caused]:
        """Yield VariantReady and PhotoRejected for the uploads of a batch, in their order."""
        deleted = _deleted(batch.records, state)
        uploads = [r for r in batch.records if isinstance(r.event, PhotoUploaded) and r.event.photo_id not in deleted]
        slots = asyncio.Semaphore(_AT_ONCE)
        queues: list[asyncio.Queue[Caused | None]] = [asyncio.Queue() for _ in uploads]

        async def work(record: Record, queue: asyncio.Queue) -> None:
            try:
                async with slots:
                    async for event in _develop(record.event, objects, room, threads):
                        queue.put_nowait(Caused(record.offset, event))
            finally:
                queue.put_nowait(None)

        tasks = [asyncio.create_task(work(record, queue)) for record, queue in zip(uploads, queues, strict=True)]
        try:
            for task, queue in zip(tasks, queues, strict=True):
                while (caused := await queue.get()) is not None:
                    yield caused
                await task
            await asyncio.gather(*(_erase(photo_id, objects) for photo_id in sorted(deleted)))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return resize


def _deleted(records: Sequence[Record], state: State) -> set[int]:
    """Return the photos of these records that are deleted, by one of them or long ago, and note a tombstone for each."""
    now = {r.event.photo_id for r in records if isinstance(r.event, PhotoDeleted) and _is_owners(r.event)}
    state.put_many((key_of(TOMBSTONE, photo_id), b"") for photo_id in sorted(now))
    uploaded = sorted({r.event.photo_id for r in records if isinstance(r.event, PhotoUploaded)} - now)
    found = state.get_many([key_of(TOMBSTONE, photo_id) for photo_id in uploaded])
    return now | {photo_id for photo_id, tombstone in zip(uploaded, found, strict=True) if tombstone is not None}


def _is_owners(event: PhotoDeleted) -> bool:
    """Return whether the owner did it, or Darkroom itself (actor 0); what others say destroys nothing."""
    return event.actor_id in (event.owner_id, 0) and shard_of(event.photo_id) == shard_of(event.owner_id)


async def _develop(
    upload: PhotoUploaded, objects: Objects, room: Darkroom, threads: ThreadPoolExecutor
) -> AsyncIterator[VariantReady | PhotoRejected]:
    """Store the variants of one upload and yield their events, the 150 px one as soon as it is stored."""
    loop = asyncio.get_running_loop()
    try:
        original = await objects.get(ORIGINALS, upload.original_key)
        variants = room.variants(original)
        del original
        first = await loop.run_in_executor(threads, next, variants)
    except ObjectMissing:
        yield _rejected(upload, GONE)
        return
    except Undecodable as reason:
        yield _rejected(upload, str(reason))
        return
    await _store(upload, first, objects)
    yield _ready(upload, first)
    rest: Sequence[Variant] = await loop.run_in_executor(threads, list, variants)
    await asyncio.gather(*(_store(upload, variant, objects) for variant in rest))
    for variant in rest:
        yield _ready(upload, variant)


async def _store(upload: PhotoUploaded, variant: Variant, objects: Objects) -> None:
    """Put one variant where its key says."""
    await objects.put(VARIANTS, variant_key(upload.photo_id, variant.pixels), variant.body, JPEG)


async def _erase(photo_id: int, objects: Objects) -> None:
    """Delete all bytes of a photo; what is not there is deleted already."""
    await objects.delete(ORIGINALS, original_key(photo_id))
    await asyncio.gather(*(objects.delete(VARIANTS, variant_key(photo_id, pixels)) for pixels in PIXELS))


def _ready(upload: PhotoUploaded, variant: Variant) -> VariantReady:
    """Say that a variant was stored; the time is the upload's, so that a repeat says the same."""
    return VariantReady(
        event_id="",
        occurred_at=upload.occurred_at,
        actor_id=0,
        source=NAME,
        trace=upload.trace,
        photo_id=upload.photo_id,
        owner_id=upload.owner_id,
        pixels=variant.pixels,
        width=variant.width,
        height=variant.height,
        size_bytes=len(variant.body),
        original_width=variant.original_width,
        original_height=variant.original_height,
    )


def _rejected(upload: PhotoUploaded, reason: str) -> PhotoRejected:
    """Say, in words for the owner, why there will be no variants."""
    return PhotoRejected(
        event_id="",
        occurred_at=upload.occurred_at,
        actor_id=0,
        source=NAME,
        trace=upload.trace,
        photo_id=upload.photo_id,
        owner_id=upload.owner_id,
        reason=reason,
    )
