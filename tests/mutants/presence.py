"""Bugs in counting and listing without those who hide or are gone, and in looking for what is left of them."""

from tests.mutants.mutant import Mutant

LIKES = ("tests/specs/test_likes.py",)
LIKERS = ("tests/specs/test_likers.py",)
COMMENTS = ("tests/specs/test_comments.py",)
ERASURE = ("tests/specs/test_erasure.py",)

MUTANTS = (
    Mutant(
        "what who is away likes is not kept",
        "agents/likes.py",
        "            if absent.get(actor) is not Presence.GONE:\n",
        "            if actor not in absent:\n",
        LIKES,
    ),
    Mutant(
        "a like of who is gone that is read late counts",
        "agents/likes.py",
        "            deltas[photo] += actor not in absent\n",
        "            deltas[photo] += 1\n",
        LIKES,
    ),
    Mutant(
        "a photo of which a like was dropped is not told",
        "agents/likes.py",
        "change_counts(state, CounterKind.PHOTO_LIKES, deltas)}, refused",
        "change_counts(state, CounterKind.PHOTO_LIKES, {p: d for p, d in deltas.items() if d})}, refused",
        (*LIKES, "tests/properties/test_what_the_dead_said_is_corrected.py"),
    ),
    Mutant(
        "what who is gone liked stays in the state",
        "agents/likes.py",
        "            if after is Presence.GONE:\n",
        "            if after is Presence.AWAY:\n",
        LIKES,
    ),
    Mutant(
        "of who leaves only the first thousand likes are uncounted",
        "agents/likes.py",
        "for chunk in chunks_of(state, key_of(MEMBER, record.event.user_id)):",
        "for chunk in [next(chunks_of(state, key_of(MEMBER, record.event.user_id)), [])]:",
        LIKES,
    ),
    Mutant(
        "who hid and then is gone is taken off twice",
        "agents/presence.py",
        "(after is Presence.HERE) - (before is Presence.HERE)",
        "(after is Presence.HERE) - (before is not Presence.GONE)",
        ("tests/properties/test_likes_are_sets.py", *COMMENTS),
    ),
    Mutant(
        "who likes while away is listed at once",
        "agents/likers.py",
        "    return without(absent, rows) if absent else rows\n",
        "    return rows\n",
        LIKERS,
    ),
    Mutant(
        "the likes of who comes back are not listed again",
        "agents/likers.py",
        "            concerned |= dict.fromkeys(keys)\n",
        "            concerned |= dict.fromkeys(keys if after is not Presence.HERE else ())\n",
        LIKERS,
    ),
    Mutant(
        "a reprint lists who is away",
        "agents/likers.py",
        "    return without(absent_among(state, [actor for actor, _ in members]), rows)\n",
        "    return rows\n",
        ("tests/specs/test_reprint_rows.py",),
    ),
    Mutant(
        "the comment of who is away counts",
        "agents/comment_state.py",
        "int(comment.stands() and presence_of(state, comment.author_id) is Presence.HERE)",
        "int(comment.stands())",
        COMMENTS,
    ),
    Mutant(
        "a comment keeps the words of who is gone",
        "agents/comment_state.py",
        "        self.text, self.deleted, self.author_gone = None, True, True\n",
        "        self.deleted, self.author_gone = True, True\n",
        COMMENTS,
    ),
    Mutant(
        "a tombstone names who is gone",
        "agents/comment_state.py",
        "0 if c.author_gone else c.author_id",
        "c.author_id",
        COMMENTS,
    ),
    Mutant(
        "a comment that is read after its author went stands",
        "agents/comments.py",
        "        if presence_of(state, event.actor_id) is Presence.GONE:\n            comment.bury()\n",
        "        if presence_of(state, event.actor_id) is Presence.AWAY:\n            comment.bury()\n",
        (*COMMENTS, "tests/properties/test_comments_commute.py"),
    ),
    Mutant(
        "a second comment of one submission stands",
        "agents/comments.py",
        "    if not is_second(event.comment_id, first):\n",
        "    if first:\n",
        COMMENTS,
    ),
    Mutant(
        "a comment counts the likes of who is away",
        "agents/comments.py",
        "0 if actor_id in absent else liked - was_liked",
        "liked - was_liked",
        ("tests/properties/test_likes_are_sets.py",),
    ),
    Mutant(
        "submissions of who is gone are told when they are read late",
        "agents/comments.py",
        "SubmissionRow(event.actor_id, event.submission, first, not gone)",
        "SubmissionRow(event.actor_id, event.submission, first, True)",
        COMMENTS,
    ),
    Mutant(
        "an explanation leaves out those who left",
        "agents/explain.py",
        "LikeChanged.__name__, about), left,",
        "LikeChanged.__name__, about), [],",
        ("tests/specs/test_explain.py",),
    ),
    Mutant(
        "many keys at once are not put in order",
        "streams/overlay.py",
        "        return sorted(ordered + keys)\n",
        "        return ordered + keys\n",
        ("tests/properties/test_overlay_equals_a_dictionary.py",),
    ),
    Mutant(
        "a deletion forgets the answers of others whose ids begin alike",
        "api/remembered.py",
        'key.startswith(b"once:person.%d:" % user_id)',
        'key.startswith(b"once:person.%d" % user_id)',
        ("tests/specs/test_api_remembered.py",),
    ),
    Mutant(
        "what is left in rings is not looked for",
        "projections/scan.py",
        'id_.to_bytes(8, "big"), id_.to_bytes',
        "id_.to_bytes",
        ERASURE,
    ),
    Mutant(
        "whatever is left of who is gone may stay",
        "agents/erasure.py",
        "        if remains is None:\n",
        "        if remains is None and not may:\n",
        ERASURE,
    ),
    Mutant(
        "what others typed in the same words is taken for theirs",
        "agents/erasure.py",
        'frozenset(typed["text"] - others)',
        'frozenset(typed["text"])',
        ERASURE,
    ),
    Mutant(
        "counts under a comment that goes with its author must stay",
        "infra/demo/books.py",
        "{what} if own or by_leaver else set()",
        "{what} if own else set()",
        ("tests/specs/test_demo_erasure.py",),
    ),
)
