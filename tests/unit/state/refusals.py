"""What a private folder says that can't do what is asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailpair.state import StateError


def told(action: Callable[[], object]) -> str:
    """The text of the refusal; fails where there is none."""
    with pytest.raises(StateError) as caught:
        action()
    return str(caught.value)
