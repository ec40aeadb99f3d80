"""Which photo or comment is the first of its submission: the others, made when a request was repeated, have no effect.

The first is the first in the log's order of a partition: all photos of a person lie in one, and so do all comments of a
photo. After a day, by the time in the ids, the same submission stands for something new.
"""

from collections.abc import Callable, Iterator

from agents.keys import ID_BYTES, ids_in, key_of
from agents.printing import items_of
from projections.rows import SubmissionRow
from schemas.ids import time_of
from schemas.submissions import KEPT_MS
from streams.fold import State

SUBMISSION = b"k"
# The family's letter and the person; the submission itself is the rest of a key.
_PREFIX_BYTES = 1 + ID_BYTES


def first_of(state: State, person_id: int, submission: str, target_id: int) -> int:
    """Return which target a submission stands for, and keep it: this one, unless an earlier one has it."""
    key = key_of(SUBMISSION, person_id) + submission.encode()
    found = state.get(key)
    if found is not None:
        first = int.from_bytes(found, "big")
        if time_of(target_id) < time_of(first) + KEPT_MS:
            return first
    state.put(key, target_id.to_bytes(ID_BYTES, "big"))
    return target_id


def is_second(target_id: int, first_id: int) -> bool:
    """Return whether a target has no effect because another is the first of its submission.

    One that is older by a day than what the submission stands for now is a word from then, said again: it may have been the
    first of its own day.
    """
    return target_id != first_id and time_of(first_id) < time_of(target_id) + KEPT_MS


def forgotten(state: State, person_id: int) -> Iterator[SubmissionRow]:
    """Yield rows that remove all that a person submitted."""
    return (row._replace(standing=False) for row in _rows(state, key_of(SUBMISSION, person_id)))


def standing_but_of(state: State, is_gone: Callable[[int], bool]) -> Iterator[SubmissionRow]:
    """Yield the row of every submission, but for those of people who are gone."""
    return (row for row in _rows(state, SUBMISSION) if not is_gone(row.person_id))


def _rows(state: State, prefix: bytes) -> Iterator[SubmissionRow]:
    for key, target in items_of(state, prefix):
        (person_id,) = ids_in(key[:_PREFIX_BYTES])
        yield SubmissionRow(person_id, key[_PREFIX_BYTES:].decode(), int.from_bytes(target, "big"), True)
