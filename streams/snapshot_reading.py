"""What the object store holds of snapshots: the manifests of one state, newest first, and whether their files are there."""

from typing import NamedTuple

from schemas.object_keys import SNAPSHOTS, snapshots_prefix
from streams.objects import Listed, ObjectMissing, Objects
from streams.snapshots import Manifest, Unusable, decoded, manifests_newest_first


class Held(NamedTuple):
    """One listing of a state's snapshots: its files as listed, and the keys of its manifests, newest first."""

    files: list[Listed]
    manifests: list[str]
    now_ms: int

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each file by key."""
        return {file.key: file.size_bytes for file in self.files}


async def held(objects: Objects, prefix: str) -> Held:
    """Return what is stored under a prefix; the newest time of it stands for the store's clock."""
    found = await objects.listing(SNAPSHOTS, prefix)
    manifests = manifests_newest_first(one.key for one in found)
    files = [one for one in found if one.key not in set(manifests)]
    return Held(files, manifests, max((one.modified_ms for one in found), default=0))


async def manifest_keys(objects: Objects, prefix: str) -> list[str]:
    """Return the keys of the manifests of one state, newest first, without a look at its files."""
    return manifests_newest_first(one.key for one in await objects.listing(SNAPSHOTS, f"{prefix}manifests/"))


async def read_manifest(objects: Objects, key: str) -> Manifest:
    """Return a manifest; `Unusable` when it is gone or not what its key says."""
    try:
        body = await objects.get(SNAPSHOTS, key)
    except ObjectMissing as missing:
        raise Unusable("its manifest is gone") from missing
    return decoded(key, body)


async def states_held(objects: Objects, cluster: str, agent: str = "") -> list[str]:
    """Return the prefix of each state that something is stored of, by agent and partition; of one agent when it is named."""
    states = set()
    for one in await objects.listing(SNAPSHOTS, snapshots_prefix(cluster, agent)):
        _, name, partition, *rest = one.key.split("/")
        if rest and partition.isdigit():
            states.add((name, int(partition)))
    return [snapshots_prefix(cluster, *state) for state in sorted(states)]
