"""Tells a run in words: who did what, what was folded and died when, and where the projections part from the oracle."""

import re
from collections.abc import Iterator, Sequence

from schemas import events as e
from streams.edge import Picture
from tests.simulation import moves as m
from tests.simulation.run import Run
from tests.simulation.scribe import Deed

_ID = re.compile(r"\b\d{18,19}\b")
# What is said of a run that is very long.
MOST_LINES = 120


def labels_of(deeds: Sequence[Deed]) -> dict[int, str]:
    """Return short names for ids: a person by user name, a photo as `ann/1`, a comment as `ann/1/2`."""
    labels: dict[int, str] = {}
    for deed in deeds:
        if deed.verb == "open_account":
            taken = sum(label.startswith(deed.args[1].lower()) for label in labels.values())
            labels[deed.args[0]] = deed.args[1].lower() + (f"{taken + 1}" if taken else "")
        elif deed.verb == "upload_photo":
            photos = sum(label.startswith(f"{labels[deed.args[1]]}/") for label in labels.values())
            labels[deed.args[0]] = f"{labels[deed.args[1]]}/{photos + 1}"
        elif deed.verb == "add_comment":
            labels[deed.args[0]] = f"{labels[deed.args[2]]}/{deed.args[0] % 1024}"
    return labels


def told_run(run: Run, seed: int) -> Iterator[str]:
    """Yield the lines of a failing run: its moves, its first differences, and how to repeat it."""
    labels = labels_of(run.deeds)
    setting = run.setting
    began = run.deeds[0].at
    yield f"seed {seed}: {setting.partitions} partitions, feeds of {setting.depth}, trends {'on' if setting.trends else 'off'}"
    for number, move in enumerate(run.moves[:MOST_LINES], start=1):
        yield f"{number:4}  {named(told_move(move, run.deeds, labels, began), labels)}"
    if len(run.moves) > MOST_LINES:
        yield f"      ... and {len(run.moves) - MOST_LINES} more moves"
    yield "      then everything is folded in peace"
    for difference in run.differences[:3]:
        yield f"wanted and found differ: {named(str(difference), labels)}"
    if len(run.differences) > 3:
        yield f"... and {len(run.differences) - 3} more differences"
    yield f"again: python -m tests.simulation --seed {seed}"


def named(text: str, labels: dict[int, str]) -> str:
    """Put short names for ids."""
    return _ID.sub(lambda found: labels.get(int(found[0]), found[0]), text)


def told_move(move: m.Move, deeds: Sequence[Deed], labels: dict[int, str], began: int) -> str:
    """Return one move in words."""
    doom = str(getattr(move, "doom", None) or "")
    match move:
        case m.Do():
            deed = deeds[move.deed]
            return f"+{deed.at - began} ms: {told_deed(deed)}{' (once more)' if move.again else ''}{doom}"
        case m.Step():
            return f"{told_place(move.place)} folds {move.records or 'all'} of {move.topic}{doom}"
        case m.Flush():
            return f"{told_place(move.place)} flushes{doom}"
        case m.Rebalance():
            return f"{told_place(move.place)} moves to another worker"
        case m.Fork():
            return f"{told_place(move.place)} moves, but its old worker lives on{' and is slow' if move.slow else ''}"
        case m.Haunt():
            return f"zombie {move.zombie} folds {move.records} of its topic {move.topic}"
        case m.Arrive():
            return f"what zombies said arrives, {'rows' if move.rows_first else 'events'} first"
        case m.LoseStores():
            return f"lost: {' and '.join(move.stores)}"
        case m.Reprint():
            shard = "" if move.shard is None else f", shard {move.shard}{', which was lost' if move.lost else ''}"
            return f"reprint of {move.projection}{shard}"
        case m.Remember():
            return f"the state of {told_place(move.place)} is put aside{doom}"
        case m.LoseState():
            return f"the state of {told_place(move.place)} is lost{' and restored' if move.restored else ''}{doom}"
        case m.Hiccup():
            return f"{told_place(move.place)}: next, {move.what}"


def told_place(place: m.Place) -> str:
    return f"{place[0]}[{place[1]}]"


def told_deed(deed: Deed) -> str:
    """Return a deed as a call, pictures by their content."""
    if deed.verb == "relate":
        who, kind, whom, *until = deed.args
        return f"{who} {kind.value} {whom}{f' until {until[0]}' if until and until[0] else ''}"
    shown = [
        one.content.decode() if isinstance(one, Picture) else one.value if isinstance(one, e.LikeKind) else str(one)
        for one in deed.args
    ]
    return f"{deed.verb}({', '.join(shown)})"
