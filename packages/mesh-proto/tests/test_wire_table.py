"""The generated code holds the wire API: every name, number and type of `wire_table.json`.

The table states the API that stock peers speak; `proto/extensions.json` states what we add to it.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    ServiceDescriptorProto,
)

HERE = Path(__file__).parent
TABLE: dict[str, Any] = json.loads((HERE / "wire_table.json").read_text())
EXTENSIONS: dict[str, Any] = json.loads((HERE.parent / "proto/extensions.json").read_text())


@pytest.mark.parametrize("file", TABLE)
def test_generated_descriptors_equal_the_table(file: str) -> None:
    assert as_table(generated(file)) == extended(TABLE[file])


def test_every_generated_module_is_in_the_table() -> None:
    modules = (HERE.parent / "src/mesh_proto/pb").glob("*_pb2.py")
    assert {path.name.replace("_pb2.py", ".proto") for path in modules} == set(TABLE)


def test_every_extension_names_a_message_of_the_table() -> None:
    known = {f"{file['package']}.{name}" for file in TABLE.values() for name in file["messages"]}
    assert set(EXTENSIONS) <= known


def test_services_are_in_the_modules_that_need_them() -> None:
    modules = (HERE.parent / "src/mesh_proto/pb").glob("*_pb2_grpc.py")
    with_services = {file for file, table in TABLE.items() if "services" in table}
    assert {path.name.replace("_pb2_grpc.py", ".proto") for path in modules} == with_services


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.message_type[1].field[2].ClearField("name"),
        lambda file: setattr(file.message_type[1].field[0], "number", 9),
        lambda file: setattr(
            file.message_type[1].field[0], "type", FieldDescriptorProto.TYPE_BYTES
        ),
        lambda file: file.message_type[1].field[0].ClearField("oneof_index"),
        lambda file: setattr(file.service[0].method[0], "server_streaming", False),
        lambda file: file.message_type.add(name="Another"),
        lambda file: setattr(file, "package", "io.linkerd.proxy.elsewhere"),
    ],
    ids=["name", "number", "type", "oneof", "streaming", "message", "package"],
)
def test_the_comparison_sees_a_change(change: Any) -> None:
    file = generated("destination.proto")
    change(file)
    assert as_table(file) != extended(TABLE["destination.proto"])


def generated(file: str) -> FileDescriptorProto:
    """The descriptor inside the generated module of a file."""
    module = importlib.import_module(f"mesh_proto.pb.{file.replace('.proto', '_pb2')}")
    descriptor = FileDescriptorProto()
    module.DESCRIPTOR.CopyToProto(descriptor)
    return descriptor


def extended(table: dict[str, Any]) -> dict[str, Any]:
    """A file of the table with our own fields, in the form of `as_table`."""
    result: dict[str, Any] = json.loads(json.dumps(table))
    for name, message in result["messages"].items():
        message.setdefault("fields", [])
        message["fields"] += EXTENSIONS.get(f"{table['package']}.{name}", [])
    return sort_fields(result)


def sort_fields(node: Any) -> Any:
    """The order of fields in a file says nothing on the wire."""
    if isinstance(node, dict):
        node = {key: sort_fields(value) for key, value in node.items() if value != []}
        if "fields" in node:
            node["fields"] = sorted(node["fields"], key=lambda field: int(field["number"]))
    return node


def as_table(file: FileDescriptorProto) -> dict[str, Any]:
    """A descriptor in the form of the table."""
    table: dict[str, Any] = {
        "package": file.package,
        "messages": {message.name: message_table(message) for message in file.message_type},
    }
    if file.service:
        table["services"] = {service.name: service_table(service) for service in file.service}
    if file.enum_type:
        table["enums"] = {enum.name: enum_table(enum) for enum in file.enum_type}
    result: dict[str, Any] = sort_fields(table)
    return result


def message_table(message: DescriptorProto) -> dict[str, Any]:
    oneofs = [oneof.name for oneof in message.oneof_decl]
    table: dict[str, Any] = {"fields": [field_table(field, oneofs) for field in message.field]}
    if message.nested_type:
        table["messages"] = {inner.name: message_table(inner) for inner in message.nested_type}
    if message.enum_type:
        table["enums"] = {enum.name: enum_table(enum) for enum in message.enum_type}
    if message.reserved_range:
        # The table's ranges hold their end, a descriptor's do not.
        table["reserved"] = [[part.start, part.end - 1] for part in message.reserved_range]
    if message.options.map_entry:
        table["map_entry"] = True
    return table


def field_table(field: FieldDescriptorProto, oneofs: list[str]) -> dict[str, Any]:
    scalar = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    named = field.type in (FieldDescriptorProto.TYPE_MESSAGE, FieldDescriptorProto.TYPE_ENUM)
    table: dict[str, Any] = {
        "name": field.name,
        "number": field.number,
        "type": field.type_name.removeprefix(".") if named else scalar,
    }
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        table["repeated"] = True
    if field.HasField("oneof_index"):
        table["oneof"] = oneofs[field.oneof_index]
    if field.options.deprecated:
        table["deprecated"] = True
    if field.proto3_optional:
        table["optional"] = True
    return table


def enum_table(enum: EnumDescriptorProto) -> dict[str, int]:
    return {value.name: value.number for value in enum.value}


def service_table(service: ServiceDescriptorProto) -> dict[str, Any]:
    return {
        method.name: {
            "request": method.input_type.removeprefix("."),
            "response": method.output_type.removeprefix("."),
            "server_streaming": method.server_streaming,
            **({"client_streaming": True} if method.client_streaming else {}),
        }
        for method in service.method
    }
