"""What each photo is: processing, ready, rejected or deleted, with what its owner wrote.

A photo is ready as soon as its 150 px variant exists. A tombstone wins over everything, also when it comes before the upload.
That of its owner is shown, so that a second delete can be answered; that of Darkroom itself wins over it and leaves no row,
since nobody is there who may ask.
"""

from collections.abc import Iterator

import msgspec

from agents.counting import all_counts, change_counts, flush_of
from agents.keys import ids_in, key_of
from agents.nonsense import Nonsense
from agents.photo_checks import check_actor, check_places, check_upload, check_words
from agents.printing import items_of, reprint_of
from projections.rows import CounterKind, PhotoRow, PhotoState
from schemas import events as e
from schemas.text import hashtags, place_key
from streams.fold import Agent, Batch, Changes, Record, Refused, State

PHOTO = b"p"
FIRST_VARIANT = 150


class Photo(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of one photo; `uploaded` is False while only its variants were seen. A deleted one has no content."""

    owner_id: int
    uploaded: bool = False
    state: PhotoState = PhotoState.PROCESSING
    reason: str | None = None
    caption: str | None = None
    place: str | None = None
    width: int | None = None
    height: int | None = None
    variants: tuple[int, ...] = ()
    original_key: str = ""

    def is_counted(self) -> bool:
        return self.uploaded and self.state is PhotoState.READY

    def is_shown(self) -> bool:
        return self.uploaded or self.state is PhotoState.DELETED

    def is_buried(self) -> bool:
        return self.state in (PhotoState.DELETED, PhotoState.CLEARED)


def agent() -> Agent:
    """Return the agent `photos`."""
    counts = all_counts(CounterKind.USER_PHOTOS)
    return Agent(
        name="photos",
        role="content",
        sources=("photos",),
        fold=fold,
        flush=flush_of(CounterKind.USER_PHOTOS),
        writes=("photos", "photo_cards", "counters", "counter_rows"),
        reprint=reprint_of(photos=standing, photo_cards=standing, counters=counts, counter_rows=counts),
        state_version=2,
    )


def fold(batch: Batch, state: State) -> Changes:
    """Fold photo events into rows for `photos` and `photo_cards`, and counts of ready photos by owner."""
    touched: dict[int, Photo] = {}
    counted: dict[int, int] = {}
    refused = []
    for record in batch.records:
        photo_id = record.event.photo_id
        before = read(state, photo_id)
        try:
            after = decided(record, before)
        except Nonsense as nonsense:
            refused.append(Refused(record.offset, str(nonsense)))
            continue
        if after is None:
            continue
        state.put(key_of(PHOTO, photo_id), msgspec.msgpack.encode(after))
        was_counted = before is not None and before.is_counted()
        counted[after.owner_id] = counted.get(after.owner_id, 0) + after.is_counted() - was_counted
        if after.is_shown() or after.is_buried():
            touched[photo_id] = after
    rows = [row_of(photo_id, photo) for photo_id, photo in touched.items()]
    counts = change_counts(state, CounterKind.USER_PHOTOS, counted)
    return Changes(rows={"photos": rows, "photo_cards": rows, "counters": counts}, refused=refused)


def standing(state: State) -> Iterator[PhotoRow]:
    """Yield the row of every photo that was uploaded or deleted; not of one whose variants alone were seen."""
    for key, value in items_of(state, PHOTO):
        photo = msgspec.msgpack.decode(value, type=Photo)
        if photo.is_shown():
            yield row_of(ids_in(key)[0], photo)


def read(state: State, photo_id: int) -> Photo | None:
    found = state.get(key_of(PHOTO, photo_id))
    return None if found is None else msgspec.msgpack.decode(found, type=Photo)


def decided(record: Record, before: Photo | None) -> Photo | None:
    """Return the photo after one event, None when the event changes nothing; `Nonsense` when the event cannot be."""
    event = record.event
    check_places(record)
    if before is not None and before.is_buried():
        return cleared(event, before)
    if before is not None and before.owner_id != event.owner_id:
        raise Nonsense(f"{type(event).__name__} says owner {event.owner_id}; photo {event.photo_id} is of {before.owner_id}")
    match event:
        case e.PhotoUploaded():
            return uploaded(event, before)
        case e.PhotoEdited():
            return edited(event, before)
        case e.PhotoDeleted():
            check_actor(event)
            return deleted(event)
        case e.VariantReady():
            return with_variant(event, before or Photo(event.owner_id))
        case e.PhotoRejected():
            return rejected(event, before or Photo(event.owner_id))
    raise Nonsense(f"{type(event).__name__} does not belong into the topic photos")


def deleted(event: e.PhotoDeleted) -> Photo:
    """Return what is kept of a photo that is deleted by its owner, or by Darkroom itself (actor 0)."""
    return Photo(event.owner_id, state=PhotoState.DELETED if event.actor_id else PhotoState.CLEARED)


def cleared(event: e.Event, before: Photo) -> Photo | None:
    """Return a buried photo after one more event: only Darkroom itself can still change something, which ends its row."""
    if before.state is PhotoState.CLEARED or not isinstance(event, e.PhotoDeleted):
        return None
    return deleted(event) if (event.actor_id, event.owner_id) == (0, before.owner_id) else None


def uploaded(event: e.PhotoUploaded, before: Photo | None) -> Photo | None:
    check_upload(event)
    if before is not None and before.uploaded:
        if before.original_key != event.original_key:
            raise Nonsense(f"photo {event.photo_id} was already uploaded from another original")
        return None
    known = before or Photo(event.owner_id)
    return msgspec.structs.replace(
        known, uploaded=True, caption=event.caption, place=event.place, original_key=event.original_key
    )


def edited(event: e.PhotoEdited, before: Photo | None) -> Photo:
    check_actor(event)
    check_words(event)
    if before is None or not before.uploaded:
        raise Nonsense(f"PhotoEdited of photo {event.photo_id}, which was never uploaded")
    return msgspec.structs.replace(
        before,
        caption=event.caption if event.caption_changed else before.caption,
        place=event.place if event.place_changed else before.place,
    )


def with_variant(event: e.VariantReady, before: Photo) -> Photo | None:
    if before.state is PhotoState.REJECTED:
        return None
    variants = tuple(sorted({*before.variants, event.pixels}))
    return msgspec.structs.replace(
        before,
        variants=variants,
        width=event.original_width,
        height=event.original_height,
        state=PhotoState.READY if FIRST_VARIANT in variants else PhotoState.PROCESSING,
    )


def rejected(event: e.PhotoRejected, before: Photo) -> Photo | None:
    # What was decoded once can be decoded: a later failure of the same work does not take a ready photo back.
    if before.state is not PhotoState.PROCESSING:
        return None
    return msgspec.structs.replace(before, state=PhotoState.REJECTED, reason=event.reason)


def row_of(photo_id: int, photo: Photo) -> PhotoRow:
    tags = hashtags(photo.caption or "")
    return PhotoRow(
        photo_id=photo_id,
        owner_id=photo.owner_id,
        state=photo.state,
        reason=photo.reason,
        caption=photo.caption,
        tags=tuple(shown for shown, _ in tags),
        tag_keys=tuple(key for _, key in tags),
        place=photo.place,
        place_key=None if photo.place is None else place_key(photo.place),
        width=photo.width,
        height=photo.height,
        variants=photo.variants,
        original_key=photo.original_key,
    )
