"""Where a value stands in a document, as a person reads it: ``receive_connectors[Client Frontend].bindings[0]``."""

from __future__ import annotations

from mailpair.settings.record import Group, Named

# A name or an index; names that the administrator chose and indices are written in brackets.
Path = tuple[str | int, ...]

_KEY_LENGTH = 80


def text(root: Group, path: Path) -> str:
    """The text of a path that starts below ``root``, whose records tell settings from chosen names."""
    place: object = root
    parts: list[str] = []
    for segment in path:
        if isinstance(segment, int) or isinstance(place, Named):
            parts.append(f"[{key(segment)}]")
            place = place.group if isinstance(place, Named) else None
        else:
            parts.append(f".{key(segment)}" if parts else key(segment))
            place = place.member(segment) if isinstance(place, Group) else None
    return "".join(parts)


def key(segment: str | int) -> str:
    """The text of one segment, which is not too long for a line."""
    said = str(segment)
    said = said if said.isprintable() else repr(said)
    return said if len(said) <= _KEY_LENGTH else f"{said[: _KEY_LENGTH - 3]}..."
