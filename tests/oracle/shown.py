"""What a sink in memory shows to readers, in the oracle's form: rows read as the HTTP interface reads them.

Feeds are read as `api.feed` does: rings down to their floors, pulled authors merged in, below that the rows in PostgreSQL,
then the reader's own filters. Trends are the newest board of each kind, without scores, which depend on when it was written.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from projections.memory import MemorySink
from projections.rows import AccountRow, AccountState, NotificationRow, PhotoRow, PhotoState, TrendRow, ViewerRow
from schemas.ids import time_of
from tests.oracle.wanted import GONE, Shown, World

# The candidates of a reader of whom no store knows anything.
NOBODY = ViewerRow(0, (), (), (), (), ())


def shown(sink: MemorySink, world: World) -> dict[str, Shown]:
    """Return what each projection shows, leaving out what nobody is ever shown (by `world`)."""
    people = world.town.people
    return {
        "accounts": {row.user_id: account_card(row) for row in rows(sink, "accounts")},
        "account_cards": {row.user_id: account_card(row) for row in rows(sink, "account_cards")},
        "names": {
            r.name_key: r.user_id for r in rows(sink, "accounts") if r.state in (AccountState.ACTIVE, AccountState.DEACTIVATED)
        },
        "followers": {(row.followee_id, row.follower_id): (row.state, row.since) for row in rows(sink, "followers")},
        "followings": {(row.follower_id, row.followee_id): (row.state, row.since) for row in rows(sink, "followings")},
        "barriers": {(row.user_id, row.other_id): tuple(row[2:]) for row in rows(sink, "barriers")},
        "viewers": {row.user_id: tuple(row[1:]) for row in rows(sink, "viewers") if any(row[1:])},
        "celebrities": {row.author_id: row.spans for row in rows(sink, "celebrities")},
        "photos": dict(photo_cards(sink, "photos")),
        "photo_cards": dict(photo_cards(sink, "photo_cards")),
        "likes": {(r.target_id, r.user_id): (r.liked_at, r.order) for r in rows(sink, "likes") if world.is_shown(r.target_id)},
        "liked": {(row.target_id, row.user_id): True for row in rows(sink, "liked") if world.is_shown(row.target_id)},
        "comments": dict(comments(sink, world)),
        "counters": dict(counts(sink, "counters", world)),
        "counter_rows": dict(counts(sink, "counter_rows", world)),
        "feeds": {who: feed for who in people if world.town.is_here(who) if (feed := feed_of(sink, who, world.now))},
        "profiles": {who: shots for who in people if (shots := profile_of(sink, who))},
        "rings of the deleted": {who: ids for who in people if world.town.is_gone(who) if (ids := rings_of(sink, who))},
        "submissions": {(row.person_id, row.submission): row.target_id for row in rows(sink, "submissions")},
        "notifications": {row[:5]: row.notification_id for row in rows(sink, "notifications")},
        "inboxes": {row.user_id: row.read_up_to for row in rows(sink, "inboxes")},
        "told": {who: news for who in people if world.town.is_here(who) if (news := told_to(sink, who, world.now))},
        "term_photos": {(r.board, r.term, r.photo_id): (r.shown, r.owner_id) for r in rows(sink, "term_photos")},
        "trends": {board: [rank_of(one) for one in ranks] for board, ranks in newest_boards(sink) if ranks},
    }


def rows(sink: MemorySink, name: str) -> list[Any]:
    """Return what a projection holds."""
    return list(sink.rows.get(name, {}).values())


def account_card(row: AccountRow) -> tuple:
    if row.state is AccountState.DELETED:
        return GONE
    return row.state.value, row.username, row.name_key, row.display_name, row.private, row.changed_at


def photo_cards(sink: MemorySink, name: str) -> Iterator[tuple[int, tuple]]:
    for row in rows(sink, name):
        if row.state is PhotoState.DELETED:
            yield row.photo_id, GONE if row.caption is row.place is None and not row.variants else ("deleted, but", row)
        else:
            yield row.photo_id, photo_card(row)


def photo_card(row: PhotoRow) -> tuple:
    size = None if row.width is None else (row.width, row.height)
    words = (row.caption, row.tags, row.tag_keys, row.place, row.place_key)
    return row.owner_id, row.state.value, row.reason, *words, size, row.variants, row.original_key


def comments(sink: MemorySink, world: World) -> Iterator[tuple[int, tuple]]:
    for row in rows(sink, "comments"):
        if not world.is_buried(row.photo_id):
            gone = row.deleted and row.text is None and row.likes == 0
            yield row.comment_id, (row.photo_id, GONE) if gone else (row.photo_id, row.author_id, row.text, row.likes)


def counts(sink: MemorySink, name: str, world: World) -> Iterator[tuple[tuple[str, int], int]]:
    for row in rows(sink, name):
        of_person = row.kind.value in ("photos", "followers", "following")
        visible = world.town.is_here(row.entity_id) if of_person else world.is_shown(row.entity_id)
        if row.value and visible:
            yield (row.kind.value, row.entity_id), row.value


def ready(sink: MemorySink) -> dict[int, int]:
    """Return the owners of the photos that are ready, by photo, as cards say."""
    return {row.photo_id: row.owner_id for row in rows(sink, "photo_cards") if row.state is PhotoState.READY}


def is_here(sink: MemorySink, user_id: int) -> bool:
    row = sink.rows.get("account_cards", {}).get(str(user_id))
    return row is not None and row.state is AccountState.ACTIVE


def feed_of(sink: MemorySink, reader: int, now: int) -> tuple[int, ...]:
    """Return all pages of a reader's feed."""
    viewer = viewer_of(sink, reader)
    spans = {row.author_id: row.spans for row in rows(sink, "celebrities") if row.author_id in viewer.following}
    home = sink.ring("timelines", reader).content()
    found, floors = set(home.ids), [home.floor]
    for author, of_author in spans.items():
        ring = sink.ring("authors", author).content()
        floors.append(ring.floor)
        found |= {p for p in ring.ids if any(start <= time_of(p) and (not end or time_of(p) < end) for start, end in of_author)}
    followed = {*viewer.following, reader}
    candidates = {p for p in found if p > max(floors)} | below(sink, followed, max(floors))
    hidden = {*viewer.blocking, *viewer.blocked_by, *muted_by(viewer, now)} - {reader}
    owners = ready(sink)
    seen = {p for p in candidates if owners.get(p) in followed and owners[p] not in hidden and is_here(sink, owners[p])}
    return tuple(sorted(seen, reverse=True))


def told_to(sink: MemorySink, reader: int, now: int) -> tuple[tuple, ...]:
    """Return all pages of what a reader is told, as `api.routes_notifications` reads them."""
    read_up_to = max((row.read_up_to for row in rows(sink, "inboxes") if row.user_id == reader), default=0)
    found = []
    for row in rows(sink, "notifications"):
        told_as = seen_as(sink, row, viewer_of(sink, reader), now) if row.user_id == reader else None
        if told_as is not None:
            at, read = time_of(row.notification_id), row.notification_id <= read_up_to
            found.append((row.notification_id, told_as, row.actor_id, row.photo_id, row.comment_id, at, read))
    return tuple(sorted(found, reverse=True))


def seen_as(sink: MemorySink, row: NotificationRow, viewer: ViewerRow, now: int) -> str | None:
    """Return as what a notification is seen by its reader, None when it is not."""
    apart = {*viewer.blocking, *viewer.blocked_by}
    if row.actor_id in {*apart, *muted_by(viewer, now)} or not is_here(sink, row.actor_id):
        return None
    if row.kind == "follow":
        states = [f.state for f in rows(sink, "followers") if (f.followee_id, f.follower_id) == (row.user_id, row.actor_id)]
        return {"FOLLOWING": "follow", "REQUESTED": "request"}[states[0]] if states else None
    owner = ready(sink).get(row.photo_id)
    if owner is None or not (owner == row.user_id or sees_photos_of(sink, viewer, owner)):
        return None
    if row.comment_id:
        comment = next((one for one in rows(sink, "comments") if one.comment_id == row.comment_id), None)
        if comment is None or comment.deleted or comment.author_id in apart or not is_here(sink, comment.author_id):
            return None
    return row.kind


def sees_photos_of(sink: MemorySink, viewer: ViewerRow, owner: int) -> bool:
    private = sink.rows["account_cards"][str(owner)].private
    apart = owner in viewer.blocking or owner in viewer.blocked_by
    return is_here(sink, owner) and not apart and (not private or owner in viewer.following)


def viewer_of(sink: MemorySink, reader: int) -> ViewerRow:
    return sink.rows.get("viewers", {}).get(str(reader), NOBODY)


def muted_by(viewer: ViewerRow, now: int) -> set[int]:
    return {person for person, until in viewer.mutes if until == 0 or until > now}


def rings_of(sink: MemorySink, who: int) -> tuple[int, ...]:
    """Return what stands in somebody's two rings."""
    return tuple(id_ for name in ("timelines", "authors") for id_ in sink.ring(name, who).content().ids)


def below(sink: MemorySink, owners: Iterable[int], floor: int) -> set[int]:
    """Return what PostgreSQL holds of some owners at a floor or below it."""
    listed = [row for row in rows(sink, "photos") if row.state is PhotoState.READY]
    return {row.photo_id for row in listed if row.owner_id in owners and row.photo_id <= floor}


def profile_of(sink: MemorySink, owner: int) -> tuple[int, ...]:
    """Return one author's ready photos: the author's ring down to its floor, and below it PostgreSQL."""
    if not is_here(sink, owner):
        return ()
    ring, owners = sink.ring("authors", owner).content(), ready(sink)
    found = {p for p in ring.ids if p > ring.floor and owners.get(p) == owner} | below(sink, {owner}, ring.floor)
    return tuple(sorted(found, reverse=True))


def newest_boards(sink: MemorySink) -> Iterator[tuple[str, tuple[TrendRow, ...]]]:
    """Yield each board as it was written for its newest window."""
    found = rows(sink, "trends")
    for board in sorted({row.board for row in found}):
        yield board, max((row for row in found if row.board == board), key=lambda row: row.window_start).ranks


def rank_of(row: TrendRow) -> tuple:
    return row.term, row.shown, row.people, row.expected, row.peak_at, row.photos
