"""The resource Network: the bridge that a stack's machines hang on."""

from __future__ import annotations

import ipaddress
from typing import Any, ClassVar

from pulumi_stack.errors import Problem
from pulumi_stack.platforms.nspawn import make_network
from pulumi_stack.platforms.nspawn.names import StackNames
from pulumi_stack.platforms.nspawn.network import NetworkSpec, subnet_problems
from pulumi_stack.provider.kind import Context, Field, Kind, Properties


class Network(Kind):
    """A bridge with an address in each family, and a way out for IPv4.

    Inputs: ``stack`` and ``owner`` (the stack's name, and the folder of its checkout), ``subnet``. Outputs:
    ``bridge``, ``table``, ``gateway``, ``subnet6``; ``drift`` has any of bridge, address, table.
    """

    token: ClassVar[str] = "mailpair:index:Network"
    fields: ClassVar = {"stack": Field(str, replaces=True), "owner": Field(str), "subnet": Field(str)}

    def check(self, inputs: Properties) -> list[Problem]:
        """See :func:`subnet_problems`."""
        return subnet_problems("subnet", inputs["subnet"])

    def outputs(self, inputs: Properties) -> dict[str, Any]:
        """All is known beforehand."""
        spec = _spec(inputs)
        return {
            "bridge": spec.names.bridge,
            "table": spec.names.table,
            "gateway": str(spec.gateway.ip),
            "subnet6": str(spec.subnet6),
            "drift": [],
        }

    async def create(self, context: Context, inputs: Properties) -> tuple[str, dict[str, Any]]:
        """Makes the network, or adopts it."""
        return _spec(inputs).names.bridge, await self.update(context, inputs, inputs)

    async def read(self, context: Context, state: Properties) -> dict[str, Any] | None:
        """Looks at the bridge, its address and the table."""
        missing = await make_network.see(_spec(state), context.runner)
        return None if missing is None else {**self.outputs(state), "drift": missing}

    async def update(self, context: Context, old: Properties, new: Properties) -> dict[str, Any]:
        """Makes what is missing, changes what is different."""
        del old
        for warning in await make_network.make(_spec(new), context.runner):
            context.warn(warning)
        return self.outputs(new)

    async def delete(self, context: Context, state: Properties) -> None:
        """Takes away all that was made."""
        await make_network.remove(_spec(state), context.runner)


def _spec(inputs: Properties) -> NetworkSpec:
    return NetworkSpec(StackNames(inputs["stack"]), inputs["owner"], ipaddress.IPv4Network(inputs["subnet"]))
