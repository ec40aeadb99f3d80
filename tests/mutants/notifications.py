"""Bugs in what people are told: told twice, told to the wrong one, told in one order of topics and not in another."""

from tests.mutants.mutant import Mutant

_NOTICES = ("tests/specs/test_notices.py",)
_NOTIFICATIONS = ("tests/specs/test_notifications.py",)
_COMMUTE = ("tests/properties/test_notifications_commute.py",)

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "who likes again is told of anew",
        "agents/told.py",
        "VALUE.pack(VALUE.unpack(found)[0], standing)",
        "VALUE.pack(done_at or VALUE.unpack(found)[0], standing)",
        _NOTIFICATIONS,
    ),
    Mutant(
        "of the likes of one batch the last says when",
        "agents/noticed_likes.py",
        'pl.col("at").filter(pl.col("liked")).first()',
        'pl.col("at").filter(pl.col("liked")).last()',
        (*_NOTICES, *_COMMUTE),
    ),
    Mutant(
        "a like that comes before its photo is never told",
        "agents/noticed_likes.py",
        "if found is not None or target_id not in known:",
        "if found is not None:",
        _NOTICES,
    ),
    Mutant(
        "a like that came early is told again as it was then",
        "agents/noticed_likes.py",
        "asked = people if some_are_kept else [",
        "asked = [",
        (*_NOTICES, *_COMMUTE),
    ),
    Mutant(
        "a like of one's own is told",
        "agents/noticed_likes.py",
        "if owner_id in (0, actor_id):",
        "if owner_id == 0:",
        _NOTICES,
    ),
    Mutant(
        "the notification of a deleted comment stays",
        "agents/notices.py",
        "standing = not remark.deleted",
        "standing = True",
        _NOTICES,
    ),
    Mutant(
        "a mention is told to whoever holds the name when it is read",
        "agents/mentioned.py",
        "for holder in holders if holder.held_at(event.done_at)), None)",
        "for holder in reversed(holders)), None)",
        _NOTIFICATIONS,
    ),
    Mutant(
        "a mention from after the release of a name stays with who held it",
        "agents/mentioned.py",
        "        if not holder.held_at(done_at):\n",
        "        if not standing:\n",
        (*_NOTIFICATIONS, *_COMMUTE),
    ),
    Mutant(
        "what a mention may once have said of an earlier holder is not corrected",
        "agents/mentioned.py",
        "    yield from (Identity(holder.user_id, Kind.MENTION, *source) for holder in holders)\n",
        "    yield from (Identity(meant, Kind.MENTION, *source) for _ in holders[:1] if meant)\n",
        _NOTIFICATIONS,
    ),
    Mutant(
        "who is gone goes on causing notifications",
        "agents/told.py",
        "one.user_id in gone or one.actor_id in gone or",
        "one.user_id in gone or",
        _NOTIFICATIONS,
    ),
    Mutant(
        "what was told of who is gone stays where it was told",
        "agents/told.py",
        "    for chunk in chunks_of(state, key_of(CAUSED_BY, user_id)):\n",
        "    for chunk in ():\n",
        _NOTIFICATIONS,
    ),
    Mutant(
        "reading an older notification makes newer ones unread",
        "agents/notifications.py",
        'read = max(min(event.up_to, newest), int.from_bytes(turn.state.get(key) or b"", "big"))',
        "read = min(event.up_to, newest)",
        _NOTIFICATIONS,
    ),
    Mutant(
        "what has not come yet can be read",
        "agents/notifications.py",
        "max(min(event.up_to, newest),",
        "max(event.up_to,",
        _NOTIFICATIONS,
    ),
    Mutant(
        "deeds of the muted are told",
        "api/visibility.py",
        "return sees_person(viewer, actor) and not muted(viewer, actor.user_id, now_ms)",
        "return sees_person(viewer, actor)",
        ("tests/specs/test_api_visibility.py",),
    ),
    Mutant(
        "notifications of a deleted comment are told",
        "api/routes_notifications.py",
        "comment is not None and not comment.deleted and",
        "comment is not None and",
        ("tests/specs/test_api_notifications.py",),
    ),
)
