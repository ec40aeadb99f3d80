"""Deletes, for Darkroom itself, the photos that nobody may see again: those of who is gone, and second ones of a submission.

A person's photos lie in one partition with their account. The two topics are folded into sets, so that it does not matter
whether an upload or the deletion of its owner is read first (I7): either way the photo is said to be deleted, by actor 0. The
photos that their owners deleted are said again then, since of somebody who is gone no tombstone is to be seen either.

What is emitted here is read here again, and causes nothing: it ends what is kept of a photo.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from agents.keys import ids_in, key_of
from agents.nonsense import Nonsense
from agents.photo_checks import check_places, check_upload
from agents.printing import items_of, reprint_of
from agents.submissions import first_of, forgotten, is_second, standing_but_of
from projections.rows import SubmissionRow
from schemas.events import AccountDeleted, PhotoDeleted, PhotoUploaded
from streams.fold import Agent, Batch, Caused, Changes, Record, State

GONE = b"g"
PHOTO = b"p"


def agent() -> Agent:
    """Return the agent `clearing`."""
    return Agent(
        name="clearing",
        role="content",
        sources=("accounts", "photos"),
        fold=fold,
        writes=("submissions",),
        emits=("photos",),
        reprint=reprint_of(submissions=standing),
    )


@dataclass
class Turn:
    """One batch being folded. `gone`: the records that deleted somebody; `said` and `rows` are of single photos."""

    state: State
    gone: list[Record] = field(default_factory=list)
    said: list[Caused] = field(default_factory=list)
    rows: dict[tuple[int, str], SubmissionRow] = field(default_factory=dict)

    def ended(self) -> Changes:
        """Return what was decided: a batch is of one topic, and what concerns all photos of a person is made when taken."""
        rows = _rows_of_gone(self.state, self.gone) if self.gone else list(self.rows.values())
        events = _events_of_gone(self.state, self.gone) if self.gone else self.said
        return Changes(rows={"submissions": rows}, events=events)


def fold(batch: Batch, state: State) -> Changes:
    """Fold the deletions of accounts, and uploads, into deletions of photos and rows for `submissions`."""
    turn = Turn(state)
    for record in batch.records:
        match record.event:
            case AccountDeleted(user_id=user_id):
                state.put(key_of(GONE, user_id), b"")
                turn.gone.append(record)
            case PhotoUploaded():
                fold_upload(turn, record)
            case PhotoDeleted(owner_id=owner_id, photo_id=photo_id, actor_id=0):
                state.delete(key_of(PHOTO, owner_id, photo_id))
            case PhotoDeleted():
                fold_deleted(turn, record)
    return turn.ended()


def fold_upload(turn: Turn, record: Record) -> None:
    """Keep a photo for the day its owner goes; it is deleted at once when that has been, or when it is a second one."""
    upload: PhotoUploaded = record.event
    try:
        check_places(record)
        check_upload(upload)
    except Nonsense:
        # There will be no such photo: the agent `photos` dead-letters the record.
        return
    gone, first = is_gone(turn.state, upload.owner_id), upload.photo_id
    if upload.submission is not None:
        first = first_of(turn.state, upload.owner_id, upload.submission, upload.photo_id)
        row = SubmissionRow(upload.owner_id, upload.submission, first, not gone)
        turn.rows[upload.owner_id, upload.submission] = row
    keep(turn, upload)
    if gone or is_second(upload.photo_id, first):
        turn.said.append(deletion(record, upload.owner_id, upload.photo_id))


def fold_deleted(turn: Turn, record: Record) -> None:
    """Keep a photo that its owner deleted, since its tombstone is shown, and goes when the owner goes."""
    event: PhotoDeleted = record.event
    try:
        check_places(record)
    except Nonsense:
        return
    if event.actor_id == event.owner_id:
        keep(turn, event)
        if is_gone(turn.state, event.owner_id):
            turn.said.append(deletion(record, event.owner_id, event.photo_id))


def keep(turn: Turn, event: PhotoUploaded | PhotoDeleted) -> None:
    turn.state.put(key_of(PHOTO, event.owner_id, event.photo_id), b"")


def is_gone(state: State, user_id: int) -> bool:
    """Say whether an account was deleted for ever."""
    return state.get(key_of(GONE, user_id)) is not None


def deletion(record: Record, owner_id: int, photo_id: int) -> Caused:
    """Return what deletes a photo: Darkroom itself does, not a person."""
    cause = record.event
    said = PhotoDeleted(
        event_id="",
        occurred_at=cause.occurred_at,
        actor_id=0,
        source="clearing",
        trace=cause.trace,
        photo_id=photo_id,
        owner_id=owner_id,
    )
    return Caused(record.offset, said)


def _events_of_gone(state: State, gone: list[Record]) -> Iterator[Caused]:
    for record in gone:
        for key, _ in items_of(state, key_of(PHOTO, record.event.user_id)):
            yield deletion(record, *ids_in(key))


def _rows_of_gone(state: State, gone: list[Record]) -> Iterator[SubmissionRow]:
    for user_id in dict.fromkeys(record.event.user_id for record in gone):
        yield from forgotten(state, user_id)


def standing(state: State) -> Iterator[SubmissionRow]:
    """Yield the row of every submission of somebody who is not gone."""
    return standing_but_of(state, lambda person_id: is_gone(state, person_id))
