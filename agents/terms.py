"""Lists the photos of each hashtag and each place, for their pages."""

from collections.abc import Iterator
from struct import Struct

import msgspec

from agents.printing import items_of, reprint_of
from projections.rows import TermPhotoRow
from schemas.events import Board, TermMentioned
from streams.fold import Agent, Batch, Changes, Refused, State

# Board's initial, term, photo: as much as the projection holds, so that it can be printed again.
LISTED = b"L"
INITIALS = {board.value[:1].encode(): board for board in Board if board is not Board.UNKNOWN}
_ID = Struct(">Q")


class Listed(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of one photo under one term: the term as typed, and whose photo it is."""

    shown: str
    owner_id: int


def agent() -> Agent:
    """Return the agent `terms`."""
    return Agent(
        name="terms",
        role="trends",
        sources=("trend_mentions",),
        fold=fold,
        writes=("term_photos",),
        reprint=reprint_of(term_photos=standing),
        # 2: it has a state at all.
        state_version=2,
    )


def fold(batch: Batch, state: State) -> Changes:
    """Fold TermMentioned into rows for `term_photos`; the last word on a photo and a term is the row."""
    rows: dict[bytes, TermPhotoRow] = {}
    refused = []
    for record in batch.records:
        event: TermMentioned = record.event
        if event.board is Board.UNKNOWN:
            refused.append(Refused(record.offset, "board UNKNOWN: a newer agent wrote it; upgrade this one and replay"))
            continue
        key, listed = key_of_mention(event), Listed(event.shown, event.owner_id)
        if event.present:
            state.put(key, msgspec.msgpack.encode(listed))
        else:
            state.delete(key)
        rows[key] = row_of(event.board, event.term, event.photo_id, listed, event.present)
    return Changes(rows={"term_photos": list(rows.values())}, refused=refused)


def standing(state: State) -> Iterator[TermPhotoRow]:
    """Yield the row of every photo that is listed under a term."""
    for key, value in items_of(state, LISTED):
        term, (photo_id,) = key[2 : -_ID.size].decode("utf-8", "surrogatepass"), _ID.unpack(key[-_ID.size :])
        yield row_of(INITIALS[key[1:2]], term, photo_id, msgspec.msgpack.decode(value, type=Listed), True)


def row_of(board: Board, term: str, photo_id: int, listed: Listed, present: bool) -> TermPhotoRow:
    return TermPhotoRow(board.value, term, listed.shown, photo_id, listed.owner_id, present)


def key_of_mention(event: TermMentioned) -> bytes:
    return LISTED + event.board.value[:1].encode() + event.term.encode("utf-8", "surrogatepass") + _ID.pack(event.photo_id)
