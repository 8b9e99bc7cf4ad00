"""Where certificates come from.

A source is a function that puts a key and a chain (leaf first, without the root), both as PEM, into a folder, or raises
SourceError with the reason. It is given an empty folder of its own. What it put there is looked at before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from . import source_acme, source_private
from .configuration import Certificate
from .source import SourceError

__all__ = ["SOURCES", "Source", "SourceError"]

Source = Callable[[Certificate, Path], None]

# "provided" has none: somebody else brings the files, and they are watched alone.
SOURCES: Mapping[str, Source] = {"private": source_private.obtain, "acme": source_acme.obtain}
