"""Bugs that people would see: pages that repeat, skip or end too early, and what comes back of who left."""

from tests.mutants.mutant import Mutant

PAGES = "tests/properties/test_pages_neither_repeat_nor_skip.py"
FEED = (f"{PAGES}::test_a_feed_is_read_on_across_the_end_of_its_rings_and_whatever_changes",)
EQUALS = (f"{PAGES}::test_lists_with_equal_places_are_read_on_whatever_changes",)
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
)
