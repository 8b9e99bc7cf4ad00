"""The stack that the tests of a live machine share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.support.run import Run
from tests.stack.support.world import traces

SETTINGS = {"subnet": "10.214.0.0/24", "configure": "false"}


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Two machines without configuration; a test that changes them leaves them as ``up`` makes them."""
    run = Run("pair-test", tmp_path_factory.mktemp("pair"))
    run.configure(site=str(run.site_dir), **SETTINGS)
    run.up()
    yield run
    run.destroy()
    assert traces(run.name) == {}
    shutil.rmtree(run.folder)


@pytest.fixture
def fresh(tmp_path: Path, pair: Run) -> Iterator[Run]:
    """A stack with nothing in it yet, beside the other, which sees to it that there is a base image."""
    run = Run("fresh-test", tmp_path / "stack")
    run.configure(site=str(run.site_dir), subnet="10.218.0.0/24", configure="false")
    yield run
    run.pulumi("cancel", "--yes")  # the lock of a run that was killed
    run.destroy()
    assert traces(run.name) == {}
