"""Planted bugs that only a large audience or many followed authors bring to light."""

from tests.mutants.mutant import Mutant

FANOUT = "tests/specs/test_fanout.py"

MUTANTS = (
    Mutant(
        "a few photos are delivered to their end before the next ones begin",
        "agents/deliveries.py",
        "MODERATE + 1)) > MODERATE",
        "1)) > MODERATE",
        (f"{FANOUT}::test_a_large_author_delays_each_of_the_others_by_one_chunk_and_no_more",),
    ),
    Mutant(
        "of two rounds of a large audience the second one is left out",
        "agents/deliveries.py",
        "large, after = of_authors(large, following), following",
        "large, after = of_authors(large, {}), following",
        (f"{FANOUT}::test_a_large_audience_comes_in_chunks_of_at_most_a_thousand_each_follower_once",),
    ),
    Mutant(
        "a feed reads the cards of all candidates of all pulled authors",
        "api/feed.py",
        "        return found[:wanted]\n\n    async def _from_rings",
        "        return found\n\n    async def _from_rings",
        ("tests/specs/test_api_feed.py::test_however_many_authors_are_pulled_no_more_candidates_come_than_were_asked_for",),
    ),
    Mutant(
        "photos from after a span of being pulled are pulled as well",
        "api/feed.py",
        "bisect_right(ids, -end, key=_minus_time) if end else 0",
        "0",
        ("tests/specs/test_api_feed.py::test_photos_are_pulled_from_the_spans_in_which_their_author_was",),
    ),
)
