"""Writes every field that requests of the Tinker SDK can have to test/sdk/recorded/request-fields-<version>.json.

They are read from the SDK's own classes and its protobuf descriptor, with the values where a field takes only some.
Run it with the Python of .venv-sdk-<version>; `npx prettier --write test/sdk/recorded` follows.
"""

import dataclasses
import importlib
import inspect
import json
import pkgutil
import typing
from importlib.metadata import version
from pathlib import Path

import pydantic
from tinker import types
from tinker.proto import tinker_public_pb2 as pb

SDK = version("tinker")
FILE = Path(__file__).parent / "recorded" / f"request-fields-{SDK}.json"


# The public classes come first: some have a second form beside them for JSON, with fewer fields.
PACKAGES = (types, importlib.import_module("tinker.types._pydantic_types"))
MODULES = [
    importlib.import_module(info.name)
    for package in PACKAGES
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + ".")
    if not info.ispkg
]
# The SDK gives its classes another __module__, so that their annotations can be read with all names together only.
NAMES = {name: value for module in reversed(MODULES) for name, value in vars(module).items()}


def fields_of(of: type) -> dict[str, object]:
    """The type of each field, by the name that it has in a request."""
    if issubclass(of, pydantic.BaseModel):
        return {name: field.annotation for name, field in of.model_fields.items()}
    hints = typing.get_type_hints(of, NAMES, NAMES)
    return {field.name: hints[field.name] for field in dataclasses.fields(of) if not field.name.startswith("_")}


def is_record(of: object) -> bool:
    return inspect.isclass(of) and (issubclass(of, pydantic.BaseModel) or dataclasses.is_dataclass(of))


def records_in(annotation: object) -> list[type]:
    if is_record(annotation):
        return [annotation]
    return [record for part in typing.get_args(annotation) for record in records_in(part)]


def values_in(annotation: object) -> list:
    if typing.get_origin(annotation) is typing.Literal:
        return list(typing.get_args(annotation))
    return [value for part in typing.get_args(annotation) for value in values_in(part)]


def walk(of: type, seen: dict[str, dict]) -> None:
    if of.__name__ in seen:
        return
    seen[of.__name__] = {}
    for name, annotation in fields_of(of).items():
        seen[of.__name__][name] = values_in(annotation)
        for record in records_in(annotation):
            for one in [record, *record.__subclasses__()]:
                walk(one, seen)


def messages(descriptor, seen: dict[str, dict]) -> None:
    if descriptor.name in seen:
        return
    seen[descriptor.name] = {}
    for field in descriptor.fields:
        kind = field.message_type
        if kind is not None and kind.GetOptions().map_entry:
            kind = kind.fields_by_name["value"].message_type
        seen[descriptor.name][field.name] = [value.name for value in field.enum_type.values] if field.enum_type else []
        if kind is not None:
            messages(kind, seen)


requests: dict[str, dict] = {}
for name in sorted(NAMES):
    if name.endswith("Request") and is_record(NAMES[name]):
        walk(NAMES[name], requests)

protobuf: dict[str, dict] = {}
messages(pb.ForwardBackwardRequest.DESCRIPTOR, protobuf)

# Names of loss_fn_inputs whose type the SDK knows.
inputs = sorted(importlib.import_module("tinker.types.datum")._KEY_TO_TYPE)

listed = {"tinker": SDK, "requests": requests, "protobuf": protobuf, "loss_fn_inputs": inputs}
FILE.write_text(json.dumps(listed, indent=2, default=str) + "\n")
