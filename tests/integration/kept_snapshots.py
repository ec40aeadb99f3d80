"""The snapshots in the stack's object store, as a test looks at them, spoils them and throws them away."""

import asyncio

from schemas.object_keys import SNAPSHOTS, snapshots_prefix
from streams.cli_snapshots import all_found
from streams.cluster import cluster_id
from streams.objects import open_objects
from streams.snapshots import Manifest, encoded


class KeptSnapshots:
    """The snapshots of a stack's cluster."""

    def __init__(self, settings) -> None:
        self._settings = settings
        self._cluster = cluster_id(settings.kafka_bootstrap)

    def by_place(self, agents: set[str]) -> dict[tuple[str, int], list[Manifest]]:
        """Return the manifests of each state of these agents, the newest first."""
        found: dict[tuple[str, int], list[Manifest]] = {}
        for one in self._run(lambda objects: all_found(objects, self._cluster, "")):
            if one.manifest and one.manifest.agent in agents:
                found.setdefault((one.manifest.agent, one.manifest.partition), []).append(one.manifest)
        return found

    def spoil(self, manifest: Manifest) -> None:
        """Change a manifest without changing its size."""
        key, body = encoded(manifest)
        spoiled = body.replace(b'"sha256":"', b'"sha256":"0', 1)[: len(body)]
        self._run(lambda objects: objects.put(SNAPSHOTS, key, spoiled, "application/json"))

    def remove(self, manifest: Manifest) -> None:
        """Delete a manifest, whatever was made of it."""
        self._run(lambda objects: objects.delete(SNAPSHOTS, encoded(manifest)[0]))

    def throw_away(self) -> None:
        """Delete all of them, so that whoever has no state begins from zero."""

        async def story(objects) -> None:
            for one in await objects.listing(SNAPSHOTS, snapshots_prefix(self._cluster)):
                await objects.delete(SNAPSHOTS, one.key)

        self._run(story)

    def _run(self, story):
        at = self._settings
        secrets = at.object_access_key.get_secret_value(), at.object_secret_key.get_secret_value()

        async def told():
            objects = open_objects(at.object_endpoint, *secrets)
            try:
                return await story(objects)
            finally:
                await objects.close()

        return asyncio.run(told())
