"""Bugs that people would see: pages that repeat, skip or end too early, and what comes back of who left."""

from tests.mutants.mutant import Mutant

PAGES = "tests/properties/test_pages_neither_repeat_nor_skip.py"
FEED = (f"{PAGES}::test_a_feed_is_read_on_across_the_end_of_its_rings_and_whatever_changes",)
EQUALS = (f"{PAGES}::test_lists_with_equal_places_are_read_on_whatever_changes",)
HISTORIES = ("tests/simulation/test_histories.py::test_every_projection_ends_as_the_oracle_says[0]",)
OTHERS = (f"{PAGES}::test_other_lists_are_read_on_whatever_changes",)

MUTANTS = (
    # --- pages (behaviour 13) -------------------------------------------------------------------------------------------
    Mutant(
        "a page that filters have thinned is not filled again",
        "api/pages.py",
        "        if len(rows) < step:\n            break\n",
        "        break\n",
        OTHERS,
    ),
    Mutant(
        "a next is said though nothing follows",
        "api/pages.py",
        "if len(items) > limit else None",
        "if len(items) >= limit else None",
        OTHERS,
    ),
    Mutant(
        "of equally liked comments those behind a page's end are skipped",
        "projections/comments.py",
        "AND (likes, comment_id) < (%s, %s)",
        "AND likes < %s AND comment_id != %s",
        (f"{EQUALS[0]}[top]",),
    ),
    Mutant(
        "of followers of one moment those at a page's end are shown again",
        "projections/followers.py",
        "AND (since, follower_id) < (%s, %s)",
        "AND since <= %s AND follower_id != %s",
        (f"{EQUALS[0]}[followers]",),
    ),
    Mutant(
        "rings are believed below their floor",
        "api/feed.py",
        "        elif ring.floor:\n            reach = ring.floor + 1\n",
        "",
        FEED,
    ),
    Mutant(
        "a feed's rows begin at the newest again where its rings end",
        "api/feed.py",
        "self._from_postgres(found[-1] if found else below, wanted - len(found))",
        "self._from_postgres(below if found else None, wanted - len(found))",
        FEED,
    ),
    Mutant(
        "what hides one notification hides all of who caused it",
        "api/routes_notifications.py",
        "        if not self._hears_of(row.actor_id):\n            without.actors.add(row.actor_id)\n",
        "        if self.kind_of(row) is None:\n            without.actors.add(row.actor_id)\n",
        (f"{OTHERS[0]}[notifications]",),
    ),
    # --- who leaves, hides and comes back, and what was submitted twice (behaviours 4 and 14): the oracle notices
    Mutant(
        "who hides is told to the first partition only",
        "agents/accounts.py",
        "for partition in range(rules.partitions):",
        "for partition in range(1):",
        HISTORIES,
    ),
    Mutant(
        "who is deleted keeps their feed",
        "agents/fanout.py",
        "    turn.closed[author_id] = Closed(author_id)\n",
        "",
        HISTORIES,
    ),
    Mutant(
        "whoever was gone is back when they hide",
        "agents/presence.py",
        "if before is Presence.GONE or event.presence is Presence.UNKNOWN:",
        "if event.presence is Presence.UNKNOWN:",
        ("tests/specs/test_presence.py",),
    ),
)
