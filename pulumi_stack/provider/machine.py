"""The resource Machine: one systemd-nspawn machine."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any, ClassVar

from mailpair.state import SiteState
from pulumi_stack.errors import Problem
from pulumi_stack.platforms.nspawn import leaving
from pulumi_stack.platforms.nspawn.machine import MachineSpec
from pulumi_stack.platforms.nspawn.make_machine import Made, Maker
from pulumi_stack.platforms.nspawn.names import StackNames, name_problems
from pulumi_stack.provider.kind import Context, Field, Kind, Properties
from pulumi_stack.provider.values import UNKNOWN


class Machine(Kind):
    """A Debian machine with an SSH server, on the stack's bridge.

    Inputs: ``stack``, ``owner``, ``name``, ``fqdn``, ``bridge``, ``address`` and ``address6`` (with the length of
    the prefix), ``gateway``, ``image`` (the image's folder: it matters when the machine is made, a later image does
    not touch it), ``site_dir`` (whose key may log in, and where the host key is pinned). Outputs: ``instance``, which
    tells this making of the machine from an earlier or later one; ``made_from``, the key of its image; ``drift`` has
    any of stopped, detached, key, pin.
    """

    token: ClassVar[str] = "mailpair:index:Machine"
    fields: ClassVar = {
        "stack": Field(str, replaces=True),
        "owner": Field(str),
        "name": Field(str, replaces=True),
        "fqdn": Field(str),
        "bridge": Field(str),
        "address": Field(str),
        "address6": Field(str),
        "gateway": Field(str),
        "image": Field(str, replaces=None),
        "site_dir": Field(str),
    }
    # A change of these is only seen by a machine that starts.
    _restarting = ("fqdn", "bridge", "address", "address6", "gateway")

    def check(self, inputs: Properties) -> list[Problem]:
        """The name, the addresses, and that the site's folder exists."""
        problems = name_problems("name", inputs["name"])
        try:
            _spec(inputs)
        except ValueError as error:
            problems.append(Problem("address", str(error), "must be addresses with the length of their prefix"))
        if not Path(inputs["site_dir"]).is_dir():
            problems.append(Problem("site_dir", repr(inputs["site_dir"]), "must be the folder of a site"))
        return problems

    def outputs(self, inputs: Properties) -> dict[str, Any]:
        """Which instance it will be is known only when it is made."""
        del inputs
        return {"instance": UNKNOWN, "made_from": UNKNOWN, "drift": []}

    async def create(self, context: Context, inputs: Properties) -> tuple[str, dict[str, Any]]:
        """Makes the machine and starts it, or adopts it."""
        maker = _maker(context, inputs)
        context.say("making the root file system and starting", True)
        made = await maker.make(Path(inputs["image"]))
        return f"{inputs['stack']}/{inputs['name']}", _outputs(made, [])

    async def read(self, context: Context, state: Properties) -> dict[str, Any] | None:
        """Looks whether it is there, runs, and hangs on the bridge."""
        maker = _maker(context, state)
        wrong, made = await maker.see(), maker.seen()
        return None if wrong is None or made is None else _outputs(made, wrong)

    async def update(self, context: Context, old: Properties, new: Properties) -> dict[str, Any]:
        """Starts it if it was stopped, restarts it if it must be told of a change."""
        if moved := {old["address"], old["address6"]} - {new["address"], new["address6"]}:
            await _maker(context, old).unpin(moved)
        restart = any(old.get(key) != new[key] for key in self._restarting)
        return _outputs(await _maker(context, new).update(restart=restart), [])

    async def delete(self, context: Context, state: Properties) -> None:
        """Shuts it down and takes everything of it away; raises StackError where it holds mail."""
        await _maker(context, state).remove(leaving.problem)


def _spec(inputs: Properties) -> MachineSpec:
    return MachineSpec(
        names=StackNames(inputs["stack"]).machine(inputs["name"]),
        owner=inputs["owner"],
        fqdn=inputs["fqdn"],
        bridge=inputs["bridge"],
        address=ipaddress.IPv4Interface(inputs["address"]),
        address6=ipaddress.IPv6Interface(inputs["address6"]),
        gateway=ipaddress.IPv4Address(inputs["gateway"]),
    )


def _maker(context: Context, inputs: Properties) -> Maker:
    return Maker(_spec(inputs), SiteState(Path(inputs["site_dir"])), context.runner)


def _outputs(made: Made, wrong: list[str]) -> dict[str, Any]:
    return {"instance": made.instance, "made_from": made.image, "drift": wrong}
