"""What all sources share."""

from __future__ import annotations

from .pairs import CHAIN, KEY

__all__ = ["CHAIN", "KEY", "SourceError"]


class SourceError(Exception):
    """No certificate was to be had; the text says why."""
