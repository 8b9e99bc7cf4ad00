"""Serves the provider to Pulumi's engine."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2_grpc

from mailpair.site import SiteError
from mailpair.state import StateError
from pulumi_stack.process import Cancelled, Runner
from pulumi_stack.provider.image import Image
from pulumi_stack.provider.log import EngineLog
from pulumi_stack.provider.machine import Machine
from pulumi_stack.provider.network import Network
from pulumi_stack.provider.playbook import Playbook
from pulumi_stack.provider.provider import MailpairProvider
from pulumi_stack.provider.record_set import RecordSet

VERSION = "0.1.0"
_PARENT_PAUSE = 0.5  # seconds between two looks at whether the engine is still there


class Servicer(ProviderServicer):
    """Pulumi's servicer, but a user's mistake and a cancel end with their message alone, without a traceback."""

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name, as all below
        """See :meth:`MailpairProvider.check`."""
        return await _told(super().Check, request, context)

    async def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See :meth:`MailpairProvider.diff`."""
        return await _told(super().Diff, request, context)

    async def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See :meth:`MailpairProvider.create`."""
        return await _told(super().Create, request, context)

    async def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See :meth:`MailpairProvider.read`."""
        return await _told(super().Read, request, context)

    async def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See :meth:`MailpairProvider.update`."""
        return await _told(super().Update, request, context)

    async def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See :meth:`MailpairProvider.delete`."""
        return await _told(super().Delete, request, context)


async def _told(method: Callable[[Any, Any], Awaitable[Any]], request: Any, context: Any) -> Any:
    """The method's answer, or its error told as a text."""
    try:
        return await method(request, context)
    except Cancelled:
        await context.abort(grpc.StatusCode.CANCELLED, "cancelled")
    except (SiteError, StateError) as error:
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
    except OSError as error:
        told = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, told)


def serve(engine: str) -> None:
    """Runs the provider for the engine at this address until the engine ends it or is gone."""
    asyncio.run(_serve(engine))


async def _serve(engine: str) -> None:
    runner, log = Runner(), EngineLog(engine)
    provider = MailpairProvider((Image(), Network(), Machine(), Playbook(), RecordSet()), log, runner)
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    servicer = Servicer([engine], VERSION, provider, engine_address=engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):  # the engine's ways to end a provider
        loop.add_signal_handler(signum, ended.set)
    watch = loop.create_task(_watch_parent(ended))
    await ended.wait()
    watch.cancel()
    await runner.cancel()
    await server.stop(None)


async def _watch_parent(ended: asyncio.Event) -> None:
    """Notices that the engine was killed: nobody else would end us, nor what we have started."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(_PARENT_PAUSE)
    ended.set()
