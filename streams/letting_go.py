"""Closes states in threads, with a bound: on a full disk RocksDB may wait for room for as long as there is none.

Meanwhile the event loop goes on, so the worker keeps its other partitions and its membership. Nothing is lost by an end of the
process without a close: all that was committed is in the database's own log.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

from streams.place_lock import PlaceLock

# A close writes some MiB at most. A supervisor kills who is told to stop after 20 s.
CLOSE_SECONDS = 15.0


class StillOpen(Exception):
    """A state does not close; whoever holds it must end, so that another can have it."""


async def close_and_release(close: Callable[[], None], lock: PlaceLock, seconds: float = CLOSE_SECONDS) -> None:
    """Close the state in a place in a thread, then release the place; `StillOpen` when it fails or takes longer than that.

    Whether somebody still waits or not, the place is released when the state is closed and not before: until then the database
    may write there. If that never comes, the end of the process releases it.
    """
    closing: Future[None] = Future()

    def work() -> None:
        try:
            close()
            lock.release()
        except Exception as error:
            closing.set_exception(error)
        else:
            closing.set_result(None)

    # A daemon: the end of the process must not wait for it either. And not of a pool, in which others may wait for a disk.
    threading.Thread(target=work, name=f"close {lock.place}", daemon=True).start()
    done, _ = await asyncio.wait([asyncio.wrap_future(closing)], timeout=seconds)
    then = "the process must end to let go of it, and nothing is lost by that; look whether its disk is full or fails"
    if not done:
        raise StillOpen(f"the state in {lock.place} has not closed in {seconds:g} s: {then}")
    if error := closing.exception():
        raise StillOpen(f"the state in {lock.place} does not close ({error}): {then}") from error
