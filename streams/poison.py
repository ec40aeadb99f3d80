"""Tells a bad record from a sign that we are wrong: so many dead letters in a row are no accident any more.

The count stands in the agent's state, beside the position. So it goes on across batches and restarts, and a worker that is
started again and again does not dead-letter a whole topic by and by.
"""

from collections.abc import Sequence

from streams.decoding import Bad, Raw
from streams.fold import InvariantBroken
from streams.ledger import Ledger

SETTING = "DARKROOM_DEAD_LETTERS_IN_A_ROW"


def check_poison(agent: str, place: str, ledger: Ledger, limit: int, records: Sequence[Raw], bad: Sequence[Bad]) -> None:
    """Note how many of a topic's last records were refused in a row; `InvariantBroken` when they would be more than `limit`.

    `place` is the topic and partition, as in `likes[3]`; `records` are those of one batch, `bad` those among them that would be
    dead-lettered. What is noted is kept with the batch's position.
    """
    topic = place.partition("[")[0]
    before = row = ledger.in_a_row(topic)
    refused = {one.record.offset: one.reason for one in bad}
    for record in records if refused else records[-1:]:
        row = row + 1 if record.offset in refused else 0
        if row > limit:
            last = f"{place}@{record.offset}"
            raise InvariantBroken(_stopped(agent, place, last, limit, refused[record.offset]))
    if row != before:
        ledger.set_in_a_row(topic, row)


def _stopped(agent: str, place: str, last: str, limit: int, reason: str) -> str:
    topic = place.partition("[")[0]
    return (
        f"{agent}: more than {limit} records in a row of {place} would be dead letters, the last {last}: {reason}; "
        f"either a producer is broken or this agent is. It was not acknowledged. Those before it: "
        f"python -m streams dead list --open --agent {agent} --topic {topic}. If the agent is wrong, mend it, start it, and "
        f"then retry them; if the producer is, stop that, and let the agent pass with a higher {SETTING}"
    )
