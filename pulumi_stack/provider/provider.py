"""The provider: hands each request to the kind of resource that it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckFailure,
    CheckRequest,
    CheckResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    PropertyDiff,
    PropertyDiffKind,
    Provider,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)

from pulumi_stack.errors import Problem, StackError
from pulumi_stack.process import Runner
from pulumi_stack.provider.kind import Context, Field, Kind
from pulumi_stack.provider.log import EngineLog
from pulumi_stack.provider.values import is_unknown, plain_map, values


class MailpairProvider(Provider):
    """Our resources, with full create, read, update and delete. Previews change nothing."""

    def __init__(self, kinds: Iterable[Kind], log: EngineLog, runner: Runner) -> None:
        """``kinds`` are the kinds of resources that it has."""
        self._kinds = {kind.token: kind for kind in kinds}
        self._log, self._runner = log, runner

    async def check_config(self, request: CheckRequest) -> CheckResponse:
        """Keeps the program's own configuration, which has the provider's name too, out of the provider's state."""
        return CheckResponse(inputs={key: each for key, each in request.new_inputs.items() if key == "version"})

    async def check(self, request: CheckRequest) -> CheckResponse:
        """Refuses inputs that could not work, all problems at once."""
        kind = self._kind(request.type)
        inputs = plain_map(request.new_inputs)
        problems = _misfits(kind, inputs)
        if not problems and not is_unknown(inputs):
            problems = kind.check(inputs)
        return CheckResponse(
            inputs=_kept(kind, {key: inputs[key] for key in kind.fields if key in inputs}),
            failures=[CheckFailure(each.path, str(each)) for each in problems],
        )

    async def diff(self, request: DiffRequest) -> DiffResponse:
        """Compares the inputs with those that the state echoes, and counts drift as a change."""
        kind = self._kind(request.type)
        old, new = plain_map(request.old_state), plain_map(request.new_inputs)
        changed = [
            key
            for key, field in kind.fields.items()
            if field.replaces is not None and key not in request.ignore_changes and old.get(key) != new.get(key)
        ]
        replaces = [key for key in changed if kind.fields[key].replaces]
        detailed = {key: _property_diff(kind.fields[key], input_diff=True) for key in changed}
        if not is_unknown(new) and kind.drift(old, new):
            changed.append("drift")
            detailed["drift"] = PropertyDiff(PropertyDiffKind.UPDATE, input_diff=False)
        return DiffResponse(
            changes=bool(changed),
            replaces=replaces,
            delete_before_replace=True,  # names are deterministic, so the old one must go first
            diffs=changed,
            detailed_diff=detailed,
        )

    async def create(self, request: CreateRequest) -> CreateResponse:
        """Makes a resource; a preview only says what it would be."""
        kind, inputs = self._kind(request.type), plain_map(request.properties)
        if request.preview:
            return CreateResponse(properties=_kept(kind, {**inputs, **kind.outputs(inputs)}))
        resource_id, outputs = await kind.create(self._context(request.urn), inputs)
        await self._log.flush()
        return CreateResponse(resource_id, _kept(kind, {**inputs, **outputs}))

    async def read(self, request: ReadRequest) -> ReadResponse:
        """Looks at the world."""
        kind, state = self._kind(request.type), plain_map(request.properties)
        if not all(key in state for key in kind.fields):
            raise StackError(
                [Problem(kind.token, repr(request.resource_id), "can't be imported", "let pulumi up make it")]
            )
        outputs = await kind.read(self._context(request.urn), state)
        await self._log.flush()
        if outputs is None:
            return ReadResponse()
        inputs = {key: state[key] for key in kind.fields}
        return ReadResponse(request.resource_id, _kept(kind, {**inputs, **outputs}), _kept(kind, inputs))

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        """Changes a resource in place; a preview only says what it would be."""
        kind = self._kind(request.type)
        old, new = plain_map(request.olds), plain_map(request.news)
        if request.preview:
            for line in () if is_unknown(new) else kind.foresee(new):
                self._log.say(request.urn, line, passing=False)
            await self._log.flush()
            known = {key: each for key, each in kind.outputs(new).items() if not is_unknown(each)}
            return UpdateResponse(_kept(kind, {**old, **new, **known}))
        outputs = await kind.update(self._context(request.urn), old, new)
        await self._log.flush()
        return UpdateResponse(_kept(kind, {**new, **outputs}))

    async def delete(self, request: DeleteRequest) -> None:
        """Takes a resource away."""
        await self._kind(request.type).delete(self._context(request.urn), plain_map(request.properties))

    async def cancel(self) -> None:
        """Ends what runs; operations that are on their way fail."""
        await self._runner.cancel()

    def _kind(self, token: str) -> Kind:
        try:
            # A resource in a component has its component's type before its own.
            return self._kinds[token.rpartition("$")[2]]
        except KeyError:
            known = ", ".join(sorted(self._kinds))
            raise StackError([Problem("type", repr(token), "is no resource of mailpair", f"it has {known}")]) from None

    def _context(self, urn: str) -> Context:
        log = self._log
        return Context(
            self._runner,
            say=lambda text, passing: log.say(urn, text, passing=passing),
            warn=lambda text: log.warning(urn, text),
        )


def _kept(kind: Kind, properties: dict[str, Any]) -> dict[str, PropertyValue]:
    """Properties for the engine, with the secret ones marked."""
    return {
        key: each.with_secret(True) if key in kind.fields and kind.fields[key].secret else each
        for key, each in values(properties).items()
    }


def _misfits(kind: Kind, inputs: dict[str, Any]) -> list[Problem]:
    """Inputs that are missing, unknown to the kind, or of a wrong type."""
    problems = [
        Problem(key, repr(inputs[key]), "is no input of this resource", f"it has {', '.join(kind.fields)}")
        for key in sorted(inputs.keys() - kind.fields.keys())
    ]
    for key, field in kind.fields.items():
        if inputs.get(key) is None:
            problems.append(Problem(key, "missing", "must be given"))
        elif not is_unknown(inputs[key]) and not isinstance(inputs[key], field.type):
            shown = "[secret]" if field.secret else repr(inputs[key])
            problems.append(Problem(key, shown, f"must be of type {field.type.__name__}"))
    return problems


def _property_diff(field: Field, *, input_diff: bool) -> PropertyDiff:
    kind = PropertyDiffKind.UPDATE_REPLACE if field.replaces else PropertyDiffKind.UPDATE
    return PropertyDiff(kind, input_diff)
