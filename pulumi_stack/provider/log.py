"""Messages to the user, through Pulumi's engine."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class EngineLog:
    """Sends messages about resources to the engine, in order and without waiting for it."""

    def __init__(self, address: str) -> None:
        """``address`` is where the engine listens; the connection is made with the first message."""
        self._address = address
        self._queue: asyncio.Queue[engine_pb2.LogRequest] = asyncio.Queue()
        self._sender: asyncio.Task[None] | None = None

    def say(self, urn: str, text: str, *, passing: bool) -> None:
        """Shows a text beside a resource; a passing one only until the next comes."""
        self._put(engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text, urn=urn, ephemeral=passing))

    def warning(self, urn: str, text: str) -> None:
        """Shows a text as a warning about a resource."""
        self._put(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text, urn=urn))

    def _put(self, request: engine_pb2.LogRequest) -> None:
        if self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._send())
        self._queue.put_nowait(request)

    async def _send(self) -> None:
        async with grpc.aio.insecure_channel(self._address) as channel:
            engine: Any = engine_pb2_grpc.EngineStub(channel)  # its types are those of a blocking channel
            while True:
                request = await self._queue.get()
                with suppress(grpc.RpcError):  # the engine has gone: nobody is left to tell
                    await engine.Log(request)
                self._queue.task_done()

    async def flush(self) -> None:
        """Waits until all messages are with the engine."""
        if self._sender is not None:
            await self._queue.join()
