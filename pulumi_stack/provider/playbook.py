"""The resource Playbook: the configuration of all hosts of a stack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from mailpair.applied import last_applied
from mailpair.changes import report
from mailpair.hosts_file import hosts
from mailpair.site import SiteError, load_written
from mailpair.state import SiteState, StateError
from pulumi_stack import digest, run_playbook
from pulumi_stack.errors import Problem
from pulumi_stack.places import CHECKOUT
from pulumi_stack.provider.kind import Context, Field, Kind, Properties
from pulumi_stack.provider.values import UNKNOWN, is_unknown


class Playbook(Kind):
    """A run of a playbook on the hosts of an inventory, repeated when anything that it depends on has changed.

    Inputs: ``inventory`` (in the form of mailpair.servers.inventory), ``site_dir``, ``playbook`` (a path in the
    checkout), ``digest`` (of :func:`pulumi_stack.digest.content`). Outputs: ``stamp``, which each host carries after
    the run; ``private``, which changes with the site's secrets and holds none; ``drift``, the hosts that carry
    another stamp. Deleting the resource leaves the hosts as they are: they are taken down, or are somebody's.
    """

    token: ClassVar[str] = "mailpair:index:Playbook"
    fields: ClassVar = {
        "inventory": Field(dict),
        "site_dir": Field(str),
        "playbook": Field(str),
        "digest": Field(str),
    }

    def check(self, inputs: Properties) -> list[Problem]:
        """The playbook and the site's folder exist."""
        problems = []
        if not (CHECKOUT / inputs["playbook"]).is_file():
            problems.append(Problem("playbook", repr(inputs["playbook"]), f"must be a playbook below {CHECKOUT}"))
        if not Path(inputs["site_dir"]).is_dir():
            problems.append(Problem("site_dir", repr(inputs["site_dir"]), "must be the folder of a site"))
        return problems

    def outputs(self, inputs: Properties) -> dict[str, Any]:
        """The stamp is known once all instances are; the site's secrets may be made in the run."""
        stamp = UNKNOWN if is_unknown(dict(inputs)) else digest.stamp(inputs["digest"], inputs["inventory"])
        return {"stamp": stamp, "private": UNKNOWN, "drift": []}

    async def create(self, context: Context, inputs: Properties) -> tuple[str, dict[str, Any]]:
        """Runs the playbook."""
        return inputs["playbook"], await self.update(context, inputs, inputs)

    async def read(self, context: Context, state: Properties) -> dict[str, Any] | None:
        """Compares the hosts' stamps."""
        stamps = await run_playbook.look(state["inventory"], state["stamp"], context.runner)
        if stamps.silent:
            context.warn(f"{', '.join(stamps.silent)}: no answer over SSH: how it is configured was not looked at")
        return {"stamp": state["stamp"], "private": state["private"], "drift": stamps.other}

    async def update(self, context: Context, old: Properties, new: Properties) -> dict[str, Any]:
        """Runs the playbook again."""
        del old
        stamp = digest.stamp(new["digest"], new["inventory"])
        await run_playbook.run(new["inventory"], new["playbook"], stamp, context.runner, context.say)
        return {"stamp": stamp, "private": _private(new), "drift": []}

    async def delete(self, context: Context, state: Properties) -> None:
        """Leaves the hosts as they are."""

    def foresee(self, new: Properties) -> Sequence[str]:
        """The settings that differ from those of the last run, and what of each host they concern."""
        site_dir = Path(new["site_dir"])
        try:
            loaded = load_written(site_dir)
            applied = last_applied(SiteState(site_dir))
        except (SiteError, StateError):
            return ()  # The run tells.
        return report(loaded, hosts(new["inventory"], loaded.site.domain), applied).splitlines()

    def drift(self, old: Properties, new: Properties) -> Sequence[str]:
        """Hosts with another stamp, and the site's secrets where one has changed."""
        return [*old.get("drift", ()), *(["private"] if old.get("private") != _private(new) else [])]


def _private(inputs: Properties) -> str:
    return digest.private(SiteState(Path(inputs["site_dir"])).root)
