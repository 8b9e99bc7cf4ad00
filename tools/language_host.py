"""The Python language host: what Pulumi's engine starts to run a Python program.

The engine starts the executable ``pulumi-language-python`` beside it, which runs this module in the project's
environment. It prints the port it serves on, runs programs when the engine asks, and ends when the engine does. The SDK
brings nearly all of it, for programs that are functions; here they are folders with a ``__main__.py``.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import signal
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pulumi
from google.protobuf.empty_pb2 import Empty
from pulumi.automation._server import LanguageServer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

# The engine is asked for nothing while it waits for a program, but it may cancel one.
WORKERS = 4

# How often it is checked that the engine still lives, in seconds; a killed engine can tell nobody.
PARENT_CHECK = 1.0


class LanguageHost(LanguageServer):
    """Serves the engine's calls; each run executes the program as ``python __main__.py`` would.

    Args:
        engine: address of the engine, ``host:port``, which programs log to.
        stop: is set when the engine cancels.
    """

    def __init__(self, engine: str, stop: threading.Event) -> None:
        super().__init__(lambda: None)
        self._engine = engine
        self._stop = stop

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Takes the engine's address, the first call of all."""
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Names the version: the SDK's, since that is what runs programs."""
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        """Asks nothing for a new project."""
        return language_pb2.RuntimeOptionsResponse()

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Installs nothing: the bootstrap makes the environment, and says so."""
        message = f"Programs run in {sys.prefix}, which tools/bootstrap makes; nothing to install.\n"
        yield language_pb2.InstallDependenciesResponse(stdout=message.encode())

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """Lists the environment's packages, for ``pulumi about``."""
        found = {each.name: each.version for each in metadata.distributions()}
        dependencies = [language_pb2.DependencyInfo(name=name, version=found[name]) for name in sorted(found)]
        return language_pb2.GetProgramDependenciesResponse(dependencies=dependencies)

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Ends the host, whatever program it runs."""
        self._stop.set()
        return Empty()

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Runs the program of the request and answers when it and all its resources are through."""
        options = ", ".join(sorted(request.info.options.fields))
        if options:
            error = f"Pulumi.yaml: runtime.options: {options}: programs run in {sys.prefix} as it is; leave options out"
            return language_pb2.RunResponse(error=error)
        program = Path(request.info.program_directory) / request.info.entry_point
        self.program = lambda: run_program(program)
        request.args[:] = [self._engine]  # where the SDK looks for it
        before = set(sys.modules)
        try:
            response: Any = super().Run(request, context)  # type: ignore[no-untyped-call]
        except asyncio.InvalidStateError:
            # After an error that it has logged, the SDK may stumble over tasks that wait for what will never come.
            return language_pb2.RunResponse(bail=True)
        finally:
            forget_modules(set(sys.modules) - before, Path(request.info.root_directory))
        # The SDK has logged the error; the engine would print it a second time.
        return language_pb2.RunResponse(bail=True) if response.error else language_pb2.RunResponse()


def run_program(program: Path) -> None:
    """Executes a program, a file or a folder with a ``__main__.py``.

    Raises:
        pulumi.RunError: with the program's own traceback, or with the message of a RunError that it raised.
    """
    try:
        runpy.run_path(str(program), run_name="__main__")
    except pulumi.RunError:
        raise
    except SystemExit as error:
        if error.code not in (None, 0):
            message = f"the program ended with status {error.code}" if isinstance(error.code, int) else error.code
            raise pulumi.RunError(message) from None
    except Exception as error:  # noqa: BLE001 (whatever the program did, its user is told)
        raise pulumi.RunError(describe_error(error)) from None


def describe_error(error: Exception) -> str:
    """A traceback that begins where the program does, without the frames of the host and of runpy."""
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename in (__file__, runpy.__file__, "<frozen runpy>"):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames)).rstrip()


def forget_modules(names: set[str], root: Path) -> None:
    """Drops a program's modules, so that the next run of it, the update after a preview, starts afresh.

    Args:
        names: modules that the run has loaded.
        root: the program's folder; modules of libraries, outside it, stay.
    """
    for name in names:
        file = getattr(sys.modules.get(name), "__file__", None)
        if file and Path(file).is_relative_to(root):
            del sys.modules[name]


def serve(engine: str) -> None:
    """Serves on a free port of the loopback interface, which it prints, until the engine stops it or is gone.

    Args:
        engine: address of the engine, ``host:port``.
    """
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    # The engine ends its plugins with SIGINT, which must look like nothing at all.
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    parent = os.getppid()
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS), options=_GRPC_CHANNEL_OPTIONS)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(engine, stop), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    print(port)
    while not stop.wait(PARENT_CHECK) and os.getppid() == parent:
        pass
    # A program that is still running has nobody left to run for.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[-1])
