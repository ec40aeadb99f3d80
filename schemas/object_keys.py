"""Where bytes lie in the object store: the buckets and keys of originals, variants and snapshots.

Keys of pictures follow from the photo's id alone, so that whoever knows the id finds, replaces or deletes the bytes without
asking. They begin with the shard, as everything that a user owns does. Keys of snapshots begin with the id of the Kafka
cluster, since a state means nothing beside another log.
"""

from schemas.ids import shard_of

ORIGINALS = "originals"
VARIANTS = "variants"
SNAPSHOTS = "snapshots"
BUCKETS = (ORIGINALS, VARIANTS, SNAPSHOTS)

# The boxes, in px, that the variants fit; ascending.
PIXELS = (150, 320, 640, 1080)


def original_key(photo_id: int) -> str:
    """Return the key of a photo's original in the bucket `originals`."""
    return f"{shard_of(photo_id):04d}/{photo_id}"


def variant_key(photo_id: int, pixels: int) -> str:
    """Return the key of the variant that fits `pixels` x `pixels`, in the bucket `variants`."""
    return f"{shard_of(photo_id):04d}/{photo_id}/{pixels}.jpg"


def snapshots_prefix(cluster: str, agent: str = "", partition: int | None = None) -> str:
    """Return how the keys of a cluster's snapshots begin, in the bucket `snapshots`; of one agent, or one partition of it."""
    return "/".join((cluster, *([agent] if agent else []), *([] if partition is None else [str(partition)]), ""))


def snapshot_file_key(prefix: str, sha256: str) -> str:
    """Return the key of a file of a snapshot: its content names it, so that it is sent once and never replaced by another."""
    return f"{prefix}files/{sha256}"


def snapshot_manifest_key(prefix: str, taken_at_ms: int, sha256: str) -> str:
    """Return the key of a manifest: keys stand in the order of time, and each carries the checksum of what it names."""
    return f"{prefix}manifests/{taken_at_ms:015d}-{sha256}.json"
