"""The rows that folds hand to projections: absolute values, never increments.

Each projection's module turns its rows into statements or commands; `projections.catalog` says who writes what. Times are
Unix ms; ids are 64-bit ids. A row replaces what stood under its key.
"""

from enum import StrEnum
from typing import NamedTuple


class AccountState(StrEnum):
    """REFUSED is a claim that lost its user name to an earlier one."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"
    REFUSED = "refused"


class AccountRow(NamedTuple):
    """Projection `accounts` (Postgres, user's shard) and `account_cards` (Redis). Key: user_id."""

    user_id: int
    username: str
    name_key: str
    display_name: str
    private: bool
    state: AccountState
    changed_at: int


class PhotoState(StrEnum):
    """DELETED rows stay as tombstones without content; CLEARED ones, which Darkroom itself deleted, remove the row."""

    PROCESSING = "processing"
    READY = "ready"
    REJECTED = "rejected"
    DELETED = "deleted"
    CLEARED = "cleared"


class PhotoRow(NamedTuple):
    """Projections `photos` (Postgres, owner's shard) and `photo_cards` (Redis). Key: photo_id.

    `tags` as shown, in caption order; `tag_keys` compared; `variants` the pixel sizes that are ready, ascending.
    """

    photo_id: int
    owner_id: int
    state: PhotoState
    reason: str | None
    caption: str | None
    tags: tuple[str, ...]
    tag_keys: tuple[str, ...]
    place: str | None
    place_key: str | None
    width: int | None
    height: int | None
    variants: tuple[int, ...]
    original_key: str


class CounterKind(StrEnum):
    """What is counted; each kind has one writer."""

    PHOTO_LIKES = "likes"
    PHOTO_COMMENTS = "comments"
    USER_PHOTOS = "photos"
    USER_FOLLOWERS = "followers"
    USER_FOLLOWING = "following"


class CounterRow(NamedTuple):
    """Projections `counters` (Redis, at once) and `counter_rows` (Postgres, at most 30 s behind). Key: kind, entity_id."""

    kind: CounterKind
    entity_id: int
    value: int


class LikeRow(NamedTuple):
    """Projections `likes` (Postgres, the target's shard) and `liked` (Redis, the user's shard). Key: target_id, user_id.

    `target_id` is a photo or a comment. `liked` False removes the row. `order` sorts newest like first: its offset.
    """

    target_id: int
    user_id: int
    liked: bool
    liked_at: int
    order: int


class CommentRow(NamedTuple):
    """Projection `comments` (Postgres, the photo's shard). Key: comment_id. A deleted one has no text."""

    comment_id: int
    photo_id: int
    author_id: int
    text: str | None
    likes: int
    deleted: bool


class FollowerRow(NamedTuple):
    """Projection `followers` (Postgres, followee's shard). Key: followee_id, follower_id. State NONE removes the row.

    `state` is NONE, REQUESTED or FOLLOWING; `since` when it began (FOLLOWING: took effect; REQUESTED: asked).
    """

    followee_id: int
    follower_id: int
    state: str
    since: int


class FollowingRow(NamedTuple):
    """Projection `followings` (Postgres, follower's shard). Key: follower_id, followee_id. State NONE removes the row."""

    follower_id: int
    followee_id: int
    state: str
    since: int


class BarrierRow(NamedTuple):
    """Projection `barriers` (Postgres, user's shard): blocks and mutes. Key: user_id, other_id. All empty removes the row."""

    user_id: int
    other_id: int
    blocking_since: int | None
    blocked_by: bool
    muting_since: int | None
    muted_until: int | None


class ViewerRow(NamedTuple):
    """Projection `viewers` (Redis, user's shard): all that filters need about a reader, in one key. Key: user_id.

    Ids are sorted; `mutes` pairs a person with the end of the mute (0: for ever).
    """

    user_id: int
    following: tuple[int, ...]
    requested: tuple[int, ...]
    blocking: tuple[int, ...]
    blocked_by: tuple[int, ...]
    mutes: tuple[tuple[int, int], ...]


class Delivery(NamedTuple):
    """Projection `timelines` (Redis): one photo into the home timelines of at most 1,000 people. Order and repeats are safe."""

    photo_id: int
    user_ids: tuple[int, ...]


class Backfill(NamedTuple):
    """Projection `timelines` (Redis): many photos into one person's home timeline, newest first; `authors`: their own."""

    user_id: int
    photo_ids: tuple[int, ...]


class AuthorRow(NamedTuple):
    """Projection `authors` (Redis, author's shard): one ready photo into the author's own ring, for pulls."""

    author_id: int
    photo_id: int


class Closed(NamedTuple):
    """Projections `timelines` and `authors` (Redis): a ring that stays empty for ever, since its owner is gone."""

    user_id: int


class SubmissionRow(NamedTuple):
    """Projection `submissions` (Postgres, the target's shard). Key: person_id, submission. `standing` False removes the row.

    What came of a submission: the photo or the comment that the first event with this hash of an idempotency key made.
    """

    person_id: int
    submission: str
    target_id: int
    standing: bool


class NotificationRow(NamedTuple):
    """Projection `notifications` (Postgres, user's shard). Key: all but the last two. `standing` False removes the row.

    `kind` is like, comment, mention or follow; `photo_id` and `comment_id` are 0 where there is none. The id says when.
    """

    user_id: int
    kind: str
    actor_id: int
    photo_id: int
    comment_id: int
    notification_id: int
    standing: bool


class InboxRow(NamedTuple):
    """Projection `inboxes` (Postgres, user's shard). Key: user_id. Notifications up to this id were read; 0 removes the row."""

    user_id: int
    read_up_to: int


class CelebrityRow(NamedTuple):
    """Projection `celebrities` (Redis): the spans of time in which an author is pulled. Key: author_id.

    `spans` are (from, to) in ms, to = 0 while it lasts; empty removes the author.
    """

    author_id: int
    spans: tuple[tuple[int, int], ...]


class TermPhotoRow(NamedTuple):
    """Projection `term_photos` (Postgres, the term's shard). Key: board, term, photo_id. `present` False removes the row."""

    board: str
    term: str
    shown: str
    photo_id: int
    owner_id: int
    present: bool


class TrendRow(NamedTuple):
    """Projection `trends` (Postgres, the first server): one rank of a board in a window. Key: board, window_start, rank."""

    board: str
    window_start: int
    rank: int
    term: str
    shown: str
    score: float
    observed: float
    expected: float
    novelty: float
    people: int
    peak_at: int
    photos: tuple[int, ...]


class BoardRows(NamedTuple):
    """Projection `trends`: the whole board of a window, replacing what stood there. Key: board, window_start."""

    board: str
    window_start: int
    ranks: tuple[TrendRow, ...]
