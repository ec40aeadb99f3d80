"""Deriving the committed schemas from the catalogue, and giving ids to those that are new."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.avro import avro_schema, canonical_json, fingerprint
from schemas.catalog import TOPICS
from schemas.lock import HERE, Lock, Released, current_file, record_subject, released_file, value_subject


@dataclass(frozen=True)
class Derived:
    """The schema of one event of one topic as the code declares it now."""

    topic: str
    event: str
    schema: dict[str, Any]
    alone: bool


def derive_all() -> list[Derived]:
    """Return the schemas of all events in the catalogue's order; `alone` says that a topic holds one type."""
    return [
        Derived(topic.name, event.__name__, avro_schema(event, topic.name), len(topic.holds) == 1)
        for topic in TOPICS
        for event in topic.holds
    ]


def stale_files(root: Path = HERE) -> list[str]:
    """Return what is wrong with the derived files: absent, not as the code says, or of no event; empty when right."""
    wanted = {current_file(root, one.topic, one.event): canonical_json(one.schema) for one in derive_all()}
    problems = []
    for path, text in wanted.items():
        if not path.exists():
            problems.append(f"{path.relative_to(root)} is missing")
        elif path.read_text(encoding="utf-8") != text:
            problems.append(f"{path.relative_to(root)} is not what the event's class says")
    known = set(wanted)
    problems += [f"{path.relative_to(root)} belongs to no event" for path in _current_files(root) if path not in known]
    return problems


def write_derived(root: Path = HERE) -> list[Path]:
    """Write the derived schema of every event, remove those of no event; return the files that changed."""
    changed = []
    wanted = {current_file(root, one.topic, one.event): canonical_json(one.schema) for one in derive_all()}
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    for path in _current_files(root):
        if path not in wanted:
            path.unlink()
            changed.append(path)
    return changed


def unreleased(lock: Lock) -> list[Derived]:
    """Return the derived schemas that differ in meaning from the latest released ones, or were never released."""
    return [one for one in derive_all() if fingerprint(one.schema) != _latest_fingerprint(lock, one)]


def release(lock: Lock, root: Path = HERE) -> tuple[Lock, list[Released]]:
    """Return the lock with a new id for each unreleased schema, and those; writes their files, but not the lock."""
    schemas = dict(lock.schemas)
    subjects = {name: dict(versions) for name, versions in lock.subjects.items()}
    added = []
    for one in unreleased(lock):
        version = len(lock.history(one.topic, one.event)) + 1
        entry = Released(max(schemas, default=0) + 1, one.topic, one.event, version, fingerprint(one.schema), one.schema)
        schemas[entry.id] = entry
        names = [record_subject(one.topic, one.event), *([value_subject(one.topic)] if one.alone else [])]
        for name in names:
            versions = subjects.setdefault(name, {})
            versions[len(versions) + 1] = entry.id
        path = released_file(root, one.topic, one.event, version)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(canonical_json(one.schema), encoding="utf-8")
        added.append(entry)
    return Lock(schemas, subjects), added


def _latest_fingerprint(lock: Lock, one: Derived) -> str | None:
    latest = lock.latest.get((one.topic, one.event))
    return latest.fingerprint if latest else None


def _current_files(root: Path) -> list[Path]:
    return sorted((root / "avsc").glob("*/*.avsc"))
