"""The schemas that were ever released and their ids: `ids.lock.json` and the files under `avsc/<topic>/released/`.

An id is given once and means one schema for ever, so that every record ever written decodes. The lock is only appended
to (`python -m schemas release`); `read_lock` refuses one whose files say something else than it does.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from schemas.avro import fingerprint, namespace_of

HERE = Path(__file__).parent
LOCK_NAME = "ids.lock.json"


class LockBroken(ValueError):
    """The lock and the released files disagree; the message names the entry and what to do."""


@dataclass(frozen=True)
class Released:
    """One released schema. `version` counts from 1 for each event; `schema` is the parsed JSON of its file."""

    id: int
    topic: str
    event: str
    version: int
    fingerprint: str
    schema: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """The subject under TopicRecordNameStrategy."""
        return record_subject(self.topic, self.event)


@dataclass(frozen=True)
class Lock:
    """All released schemas by id, and the versions of each subject (version -> id, both from 1)."""

    schemas: Mapping[int, Released]
    subjects: Mapping[str, Mapping[int, int]]

    @cached_property
    def latest(self) -> dict[tuple[str, str], Released]:
        """The newest released schema of each (topic, event)."""
        return {(one.topic, one.event): one for one in sorted(self.schemas.values(), key=lambda one: one.version)}

    def history(self, topic: str, event: str) -> list[Released]:
        """Return all released schemas of one event, the oldest first."""
        found = [one for one in self.schemas.values() if (one.topic, one.event) == (topic, event)]
        return sorted(found, key=lambda one: one.version)


def record_subject(topic: str, event: str) -> str:
    """Return the subject of an event in a topic under TopicRecordNameStrategy."""
    return f"{topic}-{namespace_of(topic)}.{event}"


def value_subject(topic: str) -> str:
    """Return the subject that most tools look for; a topic has it while it holds one type of event."""
    return f"{topic}-value"


def current_file(root: Path, topic: str, event: str) -> Path:
    """Return where the derived schema of an event is committed."""
    return root / "avsc" / topic / f"{event}.avsc"


def released_file(root: Path, topic: str, event: str, version: int) -> Path:
    """Return where one released version of an event's schema is committed, for ever."""
    return root / "avsc" / topic / "released" / f"{event}.v{version}.avsc"


def read_lock(root: Path = HERE) -> Lock:
    """Return the committed lock; LockBroken when it contradicts itself or the released files. An absent lock is empty."""
    path = root / LOCK_NAME
    if not path.exists():
        return Lock({}, {})
    written = json.loads(path.read_text(encoding="utf-8"))
    schemas: dict[int, Released] = {}
    for entry in written["schemas"]:
        released = _read_released(root, entry)
        if released.id in schemas:
            raise LockBroken(f"{LOCK_NAME}: id {released.id} is given twice; ids are never reused")
        schemas[released.id] = released
    subjects = {name: {int(v): id_ for v, id_ in versions.items()} for name, versions in written["subjects"].items()}
    for name, versions in subjects.items():
        if sorted(versions) != list(range(1, len(versions) + 1)) or not set(versions.values()) <= set(schemas):
            raise LockBroken(f"{LOCK_NAME}: subject {name} must have versions 1, 2, ... of known ids, has {versions}")
    return Lock(schemas, subjects)


def write_lock(lock: Lock, root: Path = HERE) -> None:
    """Write the lock, one line a schema and a subject, so that a release is a diff of added lines."""
    lines = [
        json.dumps({key: getattr(one, key) for key in ("id", "topic", "event", "version", "fingerprint")})
        for one in sorted(lock.schemas.values(), key=lambda one: one.id)
    ]
    subjects = [f"{json.dumps(name)}: {json.dumps(lock.subjects[name])}" for name in sorted(lock.subjects)]
    text = '{\n  "schemas": [\n    %s\n  ],\n  "subjects": {\n    %s\n  }\n}\n'
    (root / LOCK_NAME).write_text(text % (",\n    ".join(lines), ",\n    ".join(subjects)), encoding="utf-8")


def _read_released(root: Path, entry: Mapping[str, Any]) -> Released:
    path = released_file(root, entry["topic"], entry["event"], entry["version"])
    where = f"{LOCK_NAME}: id {entry['id']} ({entry['topic']}/{entry['event']} version {entry['version']})"
    if not path.exists():
        raise LockBroken(f"{where}: {path.relative_to(root)} is missing; restore it from git, released schemas stay")
    schema = json.loads(path.read_text(encoding="utf-8"))
    if fingerprint(schema) != entry["fingerprint"]:
        raise LockBroken(f"{where}: {path.relative_to(root)} was changed after its release; restore it from git")
    return Released(schema=schema, **entry)
