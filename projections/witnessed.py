"""A Redis that is believed only while it is the one that is meant: every write of commands asks it for its birth id too.

A Redis that was emptied goes on answering over the same connection, that nobody follows and nobody blocks. Here such an answer
is `StoreLost`. What is read and the birth id come from one pipeline in this order, so nothing can be lost in between.
"""

from typing import Any

from projections.away import StoreLost
from projections.pipelined import Witness, pack_words
from projections.redis_store import BIRTH, RedisStore

_QUESTION = b"*2\r\n" + pack_words((b"GET", BIRTH.encode()))
# No store has this birth id.
NOBODY = ""


class WitnessedRedis(RedisStore):
    """One Redis for reading. `birth` is the one that is meant: None until opened, `NOBODY` while none is believed."""

    def __init__(self, url: str):
        super().__init__(url, Witness(_QUESTION, self._judge))

    def _judge(self, said: Any) -> StoreLost | None:
        if self.birth is None or said == self.birth.encode():
            return None
        return StoreLost("Redis is another one than the agents' progress speaks of: it was emptied, and is being restored")
