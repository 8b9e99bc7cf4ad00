"""What tests of Ansible plugins share: a plugin loader that knows the collection."""

from __future__ import annotations

import pytest
from ansible.plugins.loader import init_plugin_loader


@pytest.fixture(scope="session", autouse=True)
def plugin_loader() -> None:
    """Lets Ansible find collections, as its commands do at their start. It can be done once per process."""
    init_plugin_loader()
