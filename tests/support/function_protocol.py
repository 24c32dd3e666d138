"""Real protobuf messages for what triggers bring and bindings take, under the names that the host's protocol has.

Made from a description at import, so that no generated code is kept. Fields have the numbers of the protocol.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "functions_tests"
TEXT, BYTES, NUMBER, OTHER = 9, 12, 18, 11
"""Kinds of fields: string, bytes, sint64, another message."""

FIELDS: dict[str, list[tuple[str, int, int]]] = {
    "TypedData": [
        ("string", 1, TEXT),
        ("json", 2, TEXT),
        ("bytes", 3, BYTES),
        ("stream", 4, BYTES),
        ("int", 6, NUMBER),
    ],
    "ParameterBinding": [("name", 1, TEXT), ("data", 2, OTHER)],
}
GROUPS = {"TypedData": ("data", {1, 2, 3, 4, 6}), "ParameterBinding": ("rpc_data", {2})}
"""Of each message its `oneof`, and the numbers of the fields in it."""


def _messages() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="functions_tests.proto", package=PACKAGE, syntax="proto3")
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        group, inside = GROUPS[name]
        message.oneof_decl.add(name=group)
        for field_name, number, kind in fields:
            field = message.field.add(name=field_name, number=number, type=kind, label=1)
            if kind == OTHER:
                field.type_name = f".{PACKAGE}.TypedData"
            if number in inside:
                field.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = {name: pool.FindMessageTypeByName(f"{PACKAGE}.{name}") for name in FIELDS}
    return {name: message_factory.GetMessageClass(found) for name, found in names.items()}


_MADE = _messages()
TypedData = _MADE["TypedData"]
ParameterBinding = _MADE["ParameterBinding"]


def received(message: Any) -> Any:
    """The message as it is after its way over the wire."""
    return type(message).FromString(message.SerializeToString())
