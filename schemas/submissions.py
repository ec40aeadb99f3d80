"""Submissions: the hash under which an idempotency key travels in events, so that folds and readers know a repeat.

The key itself is the client's and may say anything; of the hash nobody learns it. What kind of thing was to be made is part
of it, since a photo and a comment are folded by different agents, who could not agree whose of the two is the first.
"""

import hashlib
import re

from schemas.text import Problems

# For so long a key stands for what was made under it, by the time of the ids that were made.
KEPT_MS = 24 * 3600 * 1000
HASH_BYTES = 16

_HASH = re.compile(rf"[0-9a-f]{{{2 * HASH_BYTES}}}\Z")


def submission_of(person_id: int, kind: str, key: str) -> str:
    """Return the submission of a person's idempotency key for a kind of thing, as 32 hex digits."""
    return hashlib.blake2b(f"{person_id}/{kind}/{key}".encode(), digest_size=HASH_BYTES).hexdigest()


def submission_problems(submission: str | None) -> Problems:
    """Return what is wrong with the submission of an event; none at all is right."""
    if submission is None or _HASH.match(submission):
        return []
    return [("submission", f"wanted {2 * HASH_BYTES} hex digits")]
