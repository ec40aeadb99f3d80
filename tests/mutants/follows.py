"""Bugs in what people are to each other when somebody hides, comes back or is gone for ever."""

from tests.mutants.mutant import Mutant

_FOLLOWS = ("tests/specs/test_follows.py",)
_MANY = ("tests/specs/test_follows_of_many.py",)
_RELATIONS = ("tests/specs/test_relations.py",)
_FANOUT = ("tests/specs/test_fanout.py",)
_DEAD = "tests/properties/test_what_the_dead_said_is_corrected.py"

MUTANTS = (
    Mutant(
        "what is done to who is gone is passed over in silence",
        "agents/relations.py",
        "        turn.said += [Caused(record.offset, word) for word in said(event, pair, NOTHING, WORDS)]\n",
        "",
        (f"{_DEAD}::test_what_relations_says_in_the_end_is_what_is_so",),
    ),
    Mutant(
        "who is gone parts from those of larger ids only",
        "agents/relations.py",
        "for family in (PAIR, MIRROR):",
        "for family in (PAIR,):",
        _RELATIONS,
    ),
    Mutant(
        "who is gone may be followed again",
        "agents/relations.py",
        "if event.actor_id in turn.gone or event.other_id in turn.gone:",
        "if event.actor_id in turn.gone:",
        _RELATIONS,
    ),
    Mutant(
        "the pairs of who is gone are kept",
        "agents/relations.py",
        "        write(turn.state, event.user_id, other_id, (Side(), Side()))\n",
        "",
        _RELATIONS,
    ),
    Mutant(
        "a follow by who hides is counted",
        "agents/privacy.py",
        "    if privacy.away or follower is Presence.AWAY:\n",
        "    if privacy.away:\n",
        _FOLLOWS,
    ),
    Mutant(
        "a follow of who hides is counted",
        "agents/privacy.py",
        "    if privacy.away or follower is Presence.AWAY:\n",
        "    if follower is Presence.AWAY:\n",
        _FOLLOWS,
    ),
    Mutant(
        "the feeds of who hides are emptied",
        "agents/follows.py",
        "*outcomes, lasting_of(privacy, after, follower))",
        "*outcomes, outcomes[1])",
        _FOLLOWS,
    ),
    Mutant(
        "when somebody is back, followers who hide are counted too",
        "agents/follows.py",
        "            follower = absent.get(follower_id, Presence.HERE)\n            turn.count",
        "            follower = Presence.HERE\n            turn.count",
        _MANY,
    ),
    Mutant(
        "when somebody is back, followers who hide are listed too",
        "agents/wishes.py",
        "follower = absent.get(pair[1], Presence.HERE)",
        "follower = Presence.HERE",
        _MANY,
    ),
    Mutant(
        "an author is pushed again before they were pulled",
        "agents/follows.py",
        "else max(at, before.pulled[-1][0])",
        "else at",
        _FOLLOWS,
    ),
    Mutant(
        "a request is told to the audience as the loss of a follower",
        "agents/follows.py",
        "FollowState.REQUESTED: AudienceKind.REQUESTED,",
        "FollowState.REQUESTED: AudienceKind.LOST,",
        _FOLLOWS,
    ),
    Mutant(
        "a reprint of followers lists those who hide",
        "agents/follows.py",
        "decode(value, type=Wish), absent.get(follower_id, Presence.HERE)",
        "decode(value, type=Wish), Presence.HERE",
        _FOLLOWS,
    ),
    Mutant(
        "who only asks to follow is delivered to",
        "agents/fanout.py",
        "case AudienceKind.LOST | AudienceKind.REQUESTED if",
        "case AudienceKind.LOST if",
        _FANOUT,
    ),
    Mutant(
        "a photo that is read after its author ended is delivered",
        "agents/fanout.py",
        "is not None or has_ended(turn.state, author_id):",
        "is not None:",
        _FANOUT,
    ),
    Mutant(
        "an author who ended is followed again",
        "agents/fanout.py",
        "    if has_ended(turn.state, author_id):\n        return\n    match event.kind:",
        "    match event.kind:",
        _FANOUT,
    ),
    Mutant(
        "a reprint leaves the ring of who is gone open",
        "agents/fanout.py",
        '    """\n    yield from standing_closed(state)\n    for author_id',
        '    """\n    for author_id',
        _FANOUT,
    ),
    Mutant(
        "a ring in Redis that was closed opens again",
        "projections/redis_functions.lua",
        "'\\127' .. string.rep('\\255', 7)",
        "string.rep('\\0', 8)",
        ("tests/contracts/test_private_redis.py",),
    ),
    Mutant(
        "a ring in memory that was closed opens again",
        "projections/ring.py",
        "self._ids, self.floor = [], CLOSED",
        "self._ids, self.floor = [], 0",
        ("tests/contracts/test_rings.py",),
    ),
    Mutant(
        "a pulled author who is gone makes the feed end at the largest id",
        "api/feed.py",
        "        if ring.floor == CLOSED:\n            continue\n",
        "",
        ("tests/specs/test_api_feed.py",),
    ),
)
