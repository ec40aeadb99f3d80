"""What is shown, held against what must and may be shown: lost, doubled, miscounted, leaked. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from tests.chaos.model import Bounds


class Kind(StrEnum):
    """What is wrong; each is counted on its own in the table."""

    LOST = "lost"
    DOUBLED = "doubled"
    COUNT = "miscounted"
    LEAK = "leaked"
    ANSWER = "wrong answer"
    UNANSWERED = "unanswered"
    DIGEST = "digest"
    STACK = "stack"


class Difference(NamedTuple):
    """One thing that is not as it must be, in words."""

    kind: Kind
    text: str


def compare_list(where: str, found: Sequence[str], wanted: Bounds, count: int | None = None) -> list[Difference]:
    """Compare the names in a list, and its count where there is one, with what must and may be there."""
    wrong = []
    if twice := sorted(name for name, times in Counter(found).items() if times > 1):
        wrong.append(Difference(Kind.DOUBLED, f"{where} shows twice: {shortened(twice)}"))
    if missing := sorted(wanted.must - set(found)):
        wrong.append(Difference(Kind.LOST, f"{where} lacks what was acknowledged: {shortened(missing)}"))
    # What is too much was taken back, so the loss is that of an unlike, a delete or a block.
    if surplus := sorted(set(found) - wanted.may):
        wrong.append(Difference(Kind.LOST, f"{where} shows what was taken back, or never was: {shortened(surplus)}"))
    if count is not None and count != len(found):
        wrong.append(Difference(Kind.COUNT, f"{where} lists {len(found)} and is counted as {count}"))
    return wrong


def compare_number(where: str, found: int, wanted: Bounds) -> list[Difference]:
    """Compare a count whose list nobody may ask for, such as the likes of a comment."""
    if len(wanted.must) <= found <= len(wanted.may):
        return []
    least, most = len(wanted.must), len(wanted.may)
    between = f"{least}" if least == most else f"{least} to {most}"
    return [Difference(Kind.COUNT, f"{where} is counted as {found}, wanted {between}")]


def compare_sight(where: str, seen: bool, must: bool, may: bool) -> list[Difference]:
    """Compare whether something is shown with whether it must be and may be."""
    if seen and not may:
        return [Difference(Kind.LEAK, f"{where} is shown and must not be")]
    if must and not seen:
        return [Difference(Kind.LOST, f"{where} is not shown")]
    return []


def compare_digests(live: Mapping[str, str], rebuilt: Mapping[str, str]) -> list[Difference]:
    """Compare the digests of all projections with those of a rebuild from offset zero."""
    wrong = [
        Difference(Kind.DIGEST, f"{name}: live {total}, rebuilt {rebuilt[name]}")
        for name, total in live.items()
        if name in rebuilt and rebuilt[name] != total
    ]
    wrong += [Difference(Kind.DIGEST, f"{name} was not rebuilt") for name in live if name not in rebuilt]
    return wrong


def shortened(names: Sequence[str], most: int = 5) -> str:
    """Return some names with commas, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
