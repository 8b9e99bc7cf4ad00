"""The resource RecordSet: the records of one type at one name in DNS."""

from __future__ import annotations

from typing import Any, ClassVar

from mailpair.publish import record_sets
from mailpair.publish.record_sets import normal
from pulumi_stack.dns_config import is_base64
from pulumi_stack.dns_update import Primary, look, remove, write
from pulumi_stack.errors import Problem, StackError
from pulumi_stack.provider.kind import Context, Field, Kind, Properties

_TYPES = ("A", "AAAA", "MX", "SRV", "TXT")


class RecordSet(Kind):
    """Records that the zone's own server holds.

    Inputs: ``server``, ``port``, ``zone``, ``key_name``, ``algorithm`` and ``key`` (who takes changes of what, and how
    they are signed), ``name`` (whole, with a dot at its end), ``type``, ``ttl``, ``data`` (in the notation of
    mailpair.publish.dns). Output: ``drift`` says what the server has instead. What stands at the name and was not made
    by this resource is refused unless it is the very same; what stands there for other purposes is left alone.
    """

    token: ClassVar[str] = "mailpair:index:RecordSet"
    fields: ClassVar = {
        "server": Field(str),
        "port": Field(int),
        "zone": Field(str, replaces=True),
        "key_name": Field(str),
        "algorithm": Field(str),
        "key": Field(str, secret=True),
        "name": Field(str, replaces=True),
        "type": Field(str, replaces=True),
        "ttl": Field(int),
        "data": Field(list),
    }

    def check(self, inputs: Properties) -> list[Problem]:
        """A name in the zone, a type that is known, data in order, and a key in base64."""
        problems = []
        if not f".{inputs['name']}".endswith(f".{inputs['zone']}"):
            problems.append(Problem("name", repr(inputs["name"]), f"must be in the zone {inputs['zone']}"))
        if inputs["type"] not in _TYPES:
            problems.append(Problem("type", repr(inputs["type"]), f"must be {', '.join(_TYPES[:-1])} or {_TYPES[-1]}"))
        elif not inputs["data"] or not all(_written(inputs["type"], each) for each in inputs["data"]):
            problems.append(Problem("data", repr(inputs["data"]), f"must be data of the type {inputs['type']}"))
        if not is_base64(inputs["key"]):
            problems.append(Problem("key", "[secret]", "must be in base64"))
        return problems

    def outputs(self, inputs: Properties) -> dict[str, Any]:
        """All is known beforehand."""
        del inputs
        return {"drift": []}

    async def create(self, context: Context, inputs: Properties) -> tuple[str, dict[str, Any]]:
        """Has the server hold the records, or adopts them if it does already."""
        context.runner.check_cancelled()
        await write(_primary(inputs), _wanted(inputs), inputs["ttl"], replaceable=())
        return _wanted(inputs).label, self.outputs(inputs)

    async def read(self, context: Context, state: Properties) -> dict[str, Any] | None:
        """Looks what the server holds; a server that can't say is no reason to think that anything has changed."""
        try:
            found = await look(_primary(state), _wanted(state))
        except StackError as error:
            context.warn(f"{_wanted(state).label} was not looked at: {error}")
            return {"drift": state.get("drift", [])}
        if not found.mine and not found.alias:
            return None
        return {"drift": found.wrong(_wanted(state), state["ttl"])}

    async def update(self, context: Context, old: Properties, new: Properties) -> dict[str, Any]:
        """Has the server hold the new records, whatever became of ours; at another server it owns nothing yet."""
        context.runner.check_cancelled()
        moved = any(old.get(key) != new[key] for key in ("server", "port"))
        await write(_primary(new), _wanted(new), new["ttl"], replaceable=_wanted(old).data if moved else None)
        return self.outputs(new)

    async def delete(self, context: Context, state: Properties) -> None:
        """Takes the records away, and leaves what somebody else put in their place."""
        if left := await remove(_primary(state), _wanted(state)):
            context.warn(f"{_wanted(state).label}: {', '.join(left)}: is not this stack's, and stays in DNS")


def _written(kind: str, data: object) -> bool:
    try:
        return isinstance(data, str) and normal(kind, data) == data != ""
    except ValueError:
        return False


def _primary(inputs: Properties) -> Primary:
    keys = ("server", "port", "zone", "key_name", "algorithm", "key")
    return Primary(*(inputs[key] for key in keys))


def _wanted(inputs: Properties) -> record_sets.RecordSet:
    return record_sets.RecordSet(inputs["name"], inputs["type"], tuple(inputs["data"]))
