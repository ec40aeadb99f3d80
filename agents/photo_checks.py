"""What makes an event of a photo nonsense, whoever folds it."""

from agents.nonsense import Nonsense, check_not_ahead, check_texts
from schemas import events as e
from schemas.ids import shard_of
from schemas.submissions import submission_problems
from schemas.text import caption_problems, place_problems
from streams.fold import Record


def check_places(record: Record) -> None:
    """A photo lives in its owner's shard, and is not from the future."""
    event = record.event
    if shard_of(event.photo_id) != shard_of(event.owner_id):
        wanted, found = shard_of(event.owner_id), shard_of(event.photo_id)
        raise Nonsense(f"photo {event.photo_id} is in shard {found}, its owner {event.owner_id} in shard {wanted}")
    check_not_ahead("photo", event.photo_id, record.appended_at)


def check_actor(event: e.PhotoEdited | e.PhotoDeleted) -> None:
    """Only its owner may change a photo, or Darkroom itself (actor 0)."""
    if event.actor_id not in (event.owner_id, 0):
        raise Nonsense(f"{type(event).__name__} of photo {event.photo_id} by {event.actor_id}; its owner is {event.owner_id}")


def check_words(event: e.PhotoUploaded | e.PhotoEdited) -> None:
    check_texts(f"photo {event.photo_id}", caption_problems(event.caption) + place_problems(event.place))


def check_upload(event: e.PhotoUploaded) -> None:
    check_words(event)
    check_texts(f"photo {event.photo_id}", submission_problems(event.submission))
