"""JSON Schema (draft 7) of the documents, made from their records, so that editors complete and check while one writes.

It sees one value at a time: what it refuses is wrong, and what it takes ``python -m mailpair check`` may yet refuse.
"""

from __future__ import annotations

import json
from typing import Any

from mailpair.settings import forms
from mailpair.settings.forms import Form
from mailpair.settings.record import Group, Named, Parameter

_DRAFT = "http://json-schema.org/draft-07/schema#"
_NOTHING: Form = {"type": "null"}
_UNSAID: Form = {"$ref": "#/definitions/unsaid"}


def json_schema(document: Group) -> str:
    """The schema of the file that holds a document under its one key."""
    inner = document.members[0]
    # What has one collection alone has it right below its key.
    flat = len(document.members) == 1 and isinstance(inner, Named)
    content = _named(inner) if flat and isinstance(inner, Named) else _group(document)
    named = (each for each in document.members if isinstance(each, Named))
    schema = {
        "$schema": _DRAFT,
        "title": document.name,
        "description": "Made by `make docs` from the records in mailpair/settings; change them, not this file.",
        "type": "object",
        "required": [document.name],
        "additionalProperties": False,
        "properties": {document.name: {"description": document.text, **content}},
        "definitions": {
            "unsaid": forms.one_of(_NOTHING, forms.matching(forms.in_any_case("$null"))),
            **{each.name: _members(each.group) for each in named},
        },
    }
    return json.dumps(schema, indent=2) + "\n"


def _member(member: Parameter | Group | Named) -> Form:
    match member:
        case Parameter():
            return _parameter(member)
        case Group():
            return {"description": member.text, **_or_nothing(_group(member))}
        case Named():
            return {"description": member.text, **_or_nothing(_named(member))}


def _or_nothing(form: Form) -> Form:
    """A setting with nothing behind its colon is one that was not said."""
    return forms.one_of(form, _NOTHING)


def _parameter(parameter: Parameter) -> Form:
    said = [parameter.text, f"Written as {parameter.notation.said}."]
    if parameter.unsaid:
        said.append(f"Left out: {parameter.unsaid}.")
    form: Form = {"description": " ".join(said), "anyOf": [parameter.notation.form, _UNSAID]}
    if parameter.default is not None:
        form["default"] = parameter.default
    return form


def _group(group: Group) -> Form:
    required = [each.name for each in group.members if isinstance(each, Parameter) and each.required]
    return {**_members(group), **({"required": required} if required else {})}


def _members(group: Group) -> Form:
    """A group in which nothing need be said."""
    form: Form = {
        "type": "object",
        "additionalProperties": False,
        "properties": {member.name: _member(member) for member in group.members},
    }
    if conditions := [_only_while(*condition, group) for condition in _conditions(group)]:
        form["allOf"] = conditions
    return form


def _conditions(group: Group) -> list[tuple[str, bool]]:
    found = (each.only_while for each in group.members if isinstance(each, Parameter))
    return list(dict.fromkeys(each for each in found if each))


def _only_while(other: str, value: bool, group: Group) -> Form:
    """What may be given only while another setting has a value."""
    dependent = [each for each in group.members if isinstance(each, Parameter) and each.only_while == (other, value)]
    return {
        "if": {"required": [other], "properties": {other: forms.truth(value)}},
        "else": {"properties": {each.name: _UNSAID for each in dependent}},
    }


def _named(named: Named) -> Form:
    """Things under chosen names; what must be said of others need not of those that are ready."""
    ready = {"$ref": f"#/definitions/{named.name}"}
    required = _group(named.group).get("required", [])
    other: Form = {"allOf": [ready, {"required": required}]} if required else ready
    form: Form = {
        "type": "object",
        "propertyNames": named.key.form,
        "additionalProperties": _or_nothing(other),
    }
    if named.ready or named.refused:
        form["properties"] = {name: _or_nothing(ready) for name in named.ready}
        known: dict[str, Any] = {name: _or_nothing(ready) for name in named.ready}
        known |= dict.fromkeys(named.refused, False)
        form["patternProperties"] = {f"^{forms.in_any_case(name)}$": each for name, each in known.items()}
    return form
