"""What a schema may become: FULL_TRANSITIVE by Avro's own checker, and stricter where Avro lets meanings change.

Avro allows milliseconds to become microseconds, a number a time, a string bytes or a uuid, and symbols to go or move: every
reader then reads without an error, and reads something else. Here such a change is refused against every released version.
"""

import json
from collections.abc import Mapping
from typing import Any

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

from schemas.avro import meaning
from schemas.lock import Lock
from schemas.release import derive_all

Schema = Mapping[str, Any]
_ABSENT = object()


def incompatibilities(lock: Lock) -> list[str]:
    """Return what forbids the events as they are declared now, each with its event, version and field; empty when free."""
    derived = {(one.topic, one.event): one.schema for one in derive_all()}
    problems = []
    for released in sorted(lock.schemas.values(), key=lambda one: one.id):
        where = f"{released.topic}/{released.event} against version {released.version}"
        now = derived.get((released.topic, released.event))
        if now is None:
            problems.append(f"{where}: the catalogue no longer has it, but records of it are kept for ever; put it back")
        else:
            problems += [f"{where}: {problem}" for problem in differences(released.schema, now)]
    return problems


def differences(old: Schema, new: Schema) -> list[str]:
    """Return what makes the new schema of a record incompatible with an old one, in both directions; empty when nothing."""
    before, after = meaning(old), meaning(new)
    if before["name"] != after["name"]:
        return [f"the record {before['name']} is renamed to {after['name']}; a name is for ever"]
    fields_before = {field["name"]: field for field in before["fields"]}
    fields_after = {field["name"]: field for field in after["fields"]}
    problems = _renamed(fields_before, fields_after)
    for name in fields_before.keys() & fields_after.keys():
        problems += [f"{name}: {problem}" for problem in _changed(fields_before[name], fields_after[name])]
    for field in fields_after.values():
        if "aliases" in field:
            problems.append(f"{field['name']}: aliases are renames; add a field with a default instead")
    return sorted(problems) + ([] if problems else _by_avro(old, new))


def _renamed(before: Mapping[str, Schema], after: Mapping[str, Schema]) -> list[str]:
    """Return fields that went while one of the same type came: Avro sees two harmless changes, people mean a rename."""
    gone = [before[name] for name in before.keys() - after.keys()]
    come = [after[name] for name in after.keys() - before.keys()]
    return [
        f"{one['name']} goes and {other['name']} of the same type comes: a rename loses its values; release them one by one"
        for one in gone
        for other in come
        if one["type"] == other["type"]
    ]


def _changed(before: Schema, after: Schema) -> list[str]:
    """Return how the type or the default of one field changed."""
    old, new = before["type"], after["type"]
    problems = _symbols_changed(old, new) if _is_enum(old) and _is_enum(new) else []
    if not problems and not (_is_enum(old) and _is_enum(new)) and old != new:
        problems = [f"its type is {_word(old)} and would be {_word(new)}; a type is for ever"]
    default = before.get("default", _ABSENT)
    if default is not _ABSENT and after.get("default", _ABSENT) != default:
        problems.append(f"its default {json.dumps(default)} would change or go; old records would say something else")
    return problems


def _symbols_changed(old: Schema, new: Schema) -> list[str]:
    problems = []
    if old["name"] != new["name"]:
        problems.append(f"its enum {old['name']} is renamed to {new['name']}")
    if new["symbols"][: len(old["symbols"])] != old["symbols"]:
        problems.append(f"its symbols {old['symbols']} must stay, in their order, before new ones; would be {new['symbols']}")
    if old.get("default") != new.get("default"):
        problems.append(f"the default of its enum is {old.get('default')} and would be {new.get('default')}")
    return problems


def _by_avro(old: Schema, new: Schema) -> list[str]:
    """Return what Avro's own rules forbid, reading old records with the new schema and new ones with the old."""
    first, second = avro.schema.parse(json.dumps(old)), avro.schema.parse(json.dumps(new))
    problems = []
    for reader, writer, direction in ((second, first, "old records"), (first, second, "new records with old code")):
        result = ReaderWriterCompatibilityChecker().get_compatibility(reader, writer)
        if result.compatibility is not SchemaCompatibilityType.compatible:
            problems.append(f"cannot read {direction}: {'; '.join(sorted(result.messages))} at {_place(result.locations)}")
    return problems


def _place(locations: Any) -> str:
    return ", ".join(sorted(locations))


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, Mapping) and kind.get("type") == "enum"


def _word(kind: Any) -> str:
    return json.dumps(kind, sort_keys=True)
