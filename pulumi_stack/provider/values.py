"""Between Pulumi's property values and plain Python data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN

__all__ = ["UNKNOWN", "is_unknown", "plain", "plain_map", "values"]


def plain(value: PropertyValue) -> Any:
    """Plain data: None, bool, int, float, str, list, dict. A value that is not known yet is :data:`UNKNOWN`."""
    inner = value.value
    if isinstance(inner, Mapping):
        return plain_map(inner)
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return [plain(each) for each in inner]
    if isinstance(inner, float) and inner.is_integer():
        return int(inner)
    return inner


def plain_map(properties: Mapping[str, PropertyValue]) -> dict[str, Any]:
    """The same for the properties of a resource, by name: on their way they have no order (protobuf, map fields).

    Servers are named here and there in configurations, in the order of their inventory.
    """
    return {key: plain(value) for key, value in sorted(properties.items())}


def values(properties: Mapping[str, Any]) -> dict[str, PropertyValue]:
    """The way back."""
    return {key: _value(each) for key, each in properties.items()}


def is_unknown(value: Any) -> bool:
    """Whether plain data is, or holds, a value that is not known yet."""
    if isinstance(value, dict):
        return any(is_unknown(each) for each in value.values())
    if isinstance(value, list):
        return any(is_unknown(each) for each in value)
    return bool(value == UNKNOWN)


def _value(each: Any) -> PropertyValue:
    if isinstance(each, Mapping):
        return PropertyValue(values(each))
    if isinstance(each, list | tuple):
        return PropertyValue([_value(item) for item in each])
    if isinstance(each, int) and not isinstance(each, bool):
        return PropertyValue(float(each))
    return PropertyValue(each)
