"""Files of a host that are different for a while."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host


@contextmanager
def edited(host: Host, path: str, script: str) -> Iterator[None]:
    """A file of a host with a sed script run over it, in one step; it is put back as it was."""
    host.run(
        f"cp -p {path} {path}.kept && cp -p {path} {path}.new && sed -i '{script}' {path}.new && mv {path}.new {path}"
    )
    try:
        yield
    finally:
        host.run(f"mv {path}.kept {path}")
