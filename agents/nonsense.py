"""What makes a record nonsense for more than one fold: it decoded, and still cannot be."""

from schemas.ids import time_of
from schemas.text import Problems

# A producer's clock may be this much ahead of the broker's. An id further ahead would pin its photo or comment to the top of
# every list that is sorted by id.
AHEAD_MS = 60_000


class Nonsense(Exception):
    """The event cannot be; the message is the reason for its dead letter."""


def check_not_ahead(what: str, id_: int, appended_at: int) -> None:
    """Raise `Nonsense` when an id says a time that had not come when the record reached the log."""
    ahead = time_of(id_) - appended_at
    if ahead > AHEAD_MS:
        raise Nonsense(f"{what} {id_} was minted {ahead} ms after it reached the log; at most {AHEAD_MS} ms pass")


def check_texts(what: str, problems: Problems) -> None:
    """Raise `Nonsense` for texts that the edge would have refused; a NUL, for one, cannot be stored."""
    if problems:
        raise Nonsense(f"{what}, field " + "; field ".join(f"{field}: {message}" for field, message in problems))
