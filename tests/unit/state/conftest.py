"""A private folder that nothing outside has a say in."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailpair.state import PASSPHRASE_VARIABLE, SiteState


@pytest.fixture(autouse=True)
def no_passphrase_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)


@pytest.fixture
def state(tmp_path: Path) -> SiteState:
    return SiteState(tmp_path)
