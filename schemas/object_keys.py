"""Where a photo's bytes lie in the object store: the buckets and keys of originals and variants.

Keys follow from the photo's id alone, so that whoever knows the id finds, replaces or deletes the bytes without asking.
They begin with the shard, as everything that a user owns does.
"""

from schemas.ids import shard_of

ORIGINALS = "originals"
VARIANTS = "variants"
BUCKETS = (ORIGINALS, VARIANTS)

# The boxes, in px, that the variants fit; ascending.
PIXELS = (150, 320, 640, 1080)


def original_key(photo_id: int) -> str:
    """Return the key of a photo's original in the bucket `originals`."""
    return f"{shard_of(photo_id):04d}/{photo_id}"


def variant_key(photo_id: int, pixels: int) -> str:
    """Return the key of the variant that fits `pixels` x `pixels`, in the bucket `variants`."""
    return f"{shard_of(photo_id):04d}/{photo_id}/{pixels}.jpg"
