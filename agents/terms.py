"""Lists the photos of each hashtag and each place, for their pages."""

from projections.rows import TermPhotoRow
from schemas.events import Board, TermMentioned
from streams.fold import Agent, Batch, Changes, Refused, State


def agent() -> Agent:
    """Return the agent `terms`."""
    return Agent(name="terms", role="trends", sources=("trend_mentions",), fold=fold, writes=("term_photos",))


def fold(batch: Batch, state: State) -> Changes:
    """Fold TermMentioned into rows for `term_photos`; the last word on a photo and a term is the row."""
    rows: dict[tuple[str, str, int], TermPhotoRow] = {}
    refused = []
    for record in batch.records:
        event: TermMentioned = record.event
        if event.board is Board.UNKNOWN:
            refused.append(Refused(record.offset, "board UNKNOWN: a newer agent wrote it; upgrade this one and replay"))
            continue
        board = event.board.value
        row = TermPhotoRow(board, event.term, event.shown, event.photo_id, event.owner_id, event.present)
        rows[board, event.term, event.photo_id] = row
    return Changes(rows={"term_photos": list(rows.values())}, refused=refused)
