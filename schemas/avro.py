"""The Avro schema of an event, derived from its class: flat, common fields first, documented field by field.

What cannot be said in a flat record that also decodes as columns (maps, unions of two types, nested records) is refused
here with the field's name, so that an `.avsc` that exists is one that every reader of the log can read.
"""

import hashlib
import inspect
import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
from msgspec import inspect as shapes

from schemas.events import Event

UNKNOWN = "UNKNOWN"

_PLAIN = {
    shapes.StrType: "string",
    shapes.IntType: "long",
    shapes.BoolType: "boolean",
    shapes.FloatType: "double",
    shapes.BytesType: "bytes",
}


class NotFlat(TypeError):
    """An event declares a field that a flat record cannot hold; the message names it and what is allowed."""


@dataclass(frozen=True)
class Field:
    """One field of an event as Avro sees it. `avro` is its type without the null; `enum` its class when it is one."""

    name: str
    avro: str | dict[str, Any]
    nullable: bool
    enum: type[Enum] | None
    doc: str
    required: bool
    default: Any


def namespace_of(topic: str) -> str:
    """Return the Avro namespace of a topic's events; it carries no version."""
    return f"darkroom.{topic}"


def fields_of(event_type: type[Event], topic: str) -> tuple[Field, ...]:
    """Return an event's fields in wire order, the common ones first; NotFlat for a type that a flat record cannot hold."""
    return tuple(_field(event_type, topic, field) for field in shapes.type_info(event_type).fields)


def avro_schema(event_type: type[Event], topic: str) -> dict[str, Any]:
    """Return the Avro schema of an event of a topic as a dict, ready for JSON; NotFlat when there is none."""
    return {
        "type": "record",
        "name": event_type.__name__,
        "namespace": namespace_of(topic),
        "doc": inspect.cleandoc(event_type.__doc__ or ""),
        "fields": [_declaration(field) for field in fields_of(event_type, topic)],
    }


def canonical_json(schema: dict[str, Any]) -> str:
    """Return a schema as the text that is committed: two spaces, UTF-8 as it is, one newline at the end."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def fingerprint(schema: Any) -> str:
    """Return the SHA-256 in hex of what a schema means: everything but its docs, its key order and its white space.

    Avro's own canonical form also drops logical types and defaults; here a change of those is a change.
    """
    text = json.dumps(meaning(schema), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def meaning(node: Any, namespace: str = "") -> Any:
    """Return a schema without docs, with full names, so that equal meanings are equal values."""
    if isinstance(node, list):
        return [meaning(one, namespace) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {key: node[key] for key in node if key not in ("doc", "namespace")}
    if "name" in kept and kept.get("type") in ("record", "enum", "fixed"):
        namespace = node.get("namespace", namespace)
        name = kept["name"]
        kept["name"] = name if "." in name or not namespace else f"{namespace}.{name}"
    for key in ("type", "items"):
        if key in kept:
            kept[key] = meaning(kept[key], namespace)
    if "fields" in kept:
        kept["fields"] = [meaning(field, namespace) for field in kept["fields"]]
    return kept["type"] if set(kept) == {"type"} and isinstance(kept["type"], str) else kept


def _field(event_type: type[Event], topic: str, field: shapes.Field) -> Field:
    where = f"{event_type.__name__}.{field.name}"
    inner, doc, logical = _unwrap(field.type)
    nullable = isinstance(inner, shapes.UnionType)
    if nullable:
        others = [one for one in inner.types if not isinstance(one, shapes.NoneType)]
        if len(others) != 1 or len(inner.types) != 2:
            raise NotFlat(f"{where}: a union may only be of one type and None")
        inner, _, inner_logical = _unwrap(others[0])
        logical = logical or inner_logical
    enum = inner.cls if isinstance(inner, shapes.EnumType) else None
    if field.default_factory is not msgspec.NODEFAULT:
        raise NotFlat(f"{where}: a default must be a plain value, not made by a function")
    return Field(
        name=field.encode_name,
        avro=_avro_type(inner, logical, topic, where),
        nullable=nullable,
        enum=enum,
        doc=doc,
        required=field.required,
        default=None if field.required else field.default,
    )


def _unwrap(kind: shapes.Type) -> tuple[shapes.Type, str, str | None]:
    """Return a type without its annotations, its description and its logical type."""
    doc, logical = "", None
    while isinstance(kind, shapes.Metadata):
        doc = doc or (kind.extra_json_schema or {}).get("description", "")
        logical = logical or (kind.extra or {}).get("logical")
        kind = kind.type
    return kind, doc, logical


def _avro_type(kind: shapes.Type, logical: str | None, topic: str, where: str) -> str | dict[str, Any]:
    if isinstance(kind, shapes.EnumType):
        return _avro_enum(kind.cls, topic)
    if isinstance(kind, shapes.VarTupleType | shapes.ListType):
        inner, _, inner_logical = _unwrap(kind.item_type)
        return {"type": "array", "items": _avro_type(inner, inner_logical, topic, where)}
    plain = _PLAIN.get(type(kind))
    if plain is None:
        raise NotFlat(f"{where}: {type(kind).__name__} is not str, int, bool, float, bytes, an enum or a tuple of one")
    return {"type": plain, "logicalType": logical} if logical else plain


def _avro_enum(enum: type[Enum], topic: str) -> dict[str, Any]:
    return {
        "type": "enum",
        "name": enum.__name__,
        "namespace": namespace_of(topic),
        "doc": inspect.cleandoc(enum.__doc__ or ""),
        "symbols": [member.value for member in enum],
        "default": UNKNOWN,
    }


def _declaration(field: Field) -> dict[str, Any]:
    kind = ["null", field.avro] if field.nullable else field.avro
    declared = {"name": field.name, "type": kind, "doc": field.doc}
    if field.nullable or not field.required:
        declared["default"] = _plain_default(field)
    return declared


def _plain_default(field: Field) -> Any:
    if field.nullable and field.default is not None:
        raise NotFlat(f"{field.name}: a field that may be null has the default null")
    if isinstance(field.default, Enum):
        return field.default.value
    return list(field.default) if isinstance(field.default, tuple) else field.default
