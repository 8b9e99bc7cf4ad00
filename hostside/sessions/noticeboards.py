"""A front end's side: it keeps up a conversation with the noticeboard of each back end, for as long as it runs."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path

from .messages import LONGEST
from .sharing import Sharing

BEGIN = 10.0  # seconds in which a connection must be there
AGAIN = 1.0  # seconds after which it is tried again, twice as many each time
AGAIN_AT_MOST = 15.0
LASTING = 3600.0  # seconds after which a conversation begins anew, so that certificates are looked at again


def tls(folder: Path) -> ssl.SSLContext:
    """This front end's certificate, and whom it trusts, from the unit's credentials."""
    context = ssl.create_default_context(cafile=str(folder / "ca"))
    context.load_cert_chain(folder / "certificate", folder / "key")
    return context


async def keep_up(
    hosts: Sequence[str],
    port: int,
    context: Callable[[], ssl.SSLContext],
    sharing: Sharing,
    say: Callable[[str], None],
) -> None:
    """Speak with all of them until cancelled. What goes wrong is said once, and no user's concern."""
    async with asyncio.TaskGroup() as group:
        for each in hosts:
            group.create_task(_keep_up(each, port, context, sharing, say))


async def _keep_up(
    host: str, port: int, context: Callable[[], ssl.SSLContext], sharing: Sharing, say: Callable[[str], None]
) -> None:
    state, pause = "", AGAIN

    def told(new: str) -> None:
        nonlocal state
        if new != state:
            state = new
            say(f"{host}: {state}")

    def begun() -> None:
        nonlocal pause
        pause = AGAIN
        told("guesses and known clients are shared there")

    while True:
        try:
            await _converse(host, port, context(), sharing, begun)
        except (OSError, EOFError, ValueError) as error:
            told(f"guesses and known clients are not shared there: {str(error) or type(error).__name__}")
        await asyncio.sleep(pause)
        pause = min(2 * pause, AGAIN_AT_MOST)


async def _converse(host: str, port: int, context: ssl.SSLContext, sharing: Sharing, begun: Callable[[], None]) -> None:
    async with asyncio.timeout(BEGIN):
        reader, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host, limit=LONGEST)
    lasting = asyncio.timeout(LASTING)
    try:
        async with lasting:
            await sharing.converse(reader, writer, begun)
    except TimeoutError:
        if not lasting.expired():
            raise
