"""What a kind of resource does; one class a kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pulumi_stack.errors import Problem
from pulumi_stack.process import Runner

Properties = Mapping[str, Any]

# Says to the user how far an operation is: the text, and whether it only stands until the next one comes.
Say = Callable[[str, bool], None]
# Warns the user of what may go wrong later.
Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Context:
    """What an operation has to work with."""

    runner: Runner
    say: Say
    warn: Warn


@dataclass(frozen=True, slots=True)
class Field:
    """An input of a resource: its type (``str``, ``list``, ``dict``), and what a change of it means."""

    type: type
    # None: a change is no change, since the resource was made and stays; False: updated in place; True: made anew.
    replaces: bool | None = False
    # Whether it is kept from everybody: encrypted in the state, shown nowhere.
    secret: bool = False


class Kind(ABC):
    """A kind of resource: pure :meth:`check` and :meth:`outputs`, and the operations on the world.

    A resource's state is its inputs and its outputs; the output ``drift`` lists what a look at the world found wrong
    (empty: nothing), and a drift is mended by an update.
    """

    token: ClassVar[str]
    fields: ClassVar[Mapping[str, Field]]

    @abstractmethod
    def check(self, inputs: Properties) -> list[Problem]:
        """What is wrong with inputs that are all known and of the right type; a problem's path is the input."""

    @abstractmethod
    def outputs(self, inputs: Properties) -> dict[str, Any]:
        """The outputs that follow from the inputs alone; those that only the making tells are UNKNOWN."""

    @abstractmethod
    async def create(self, context: Context, inputs: Properties) -> tuple[str, dict[str, Any]]:
        """Makes the resource, or adopts what an interrupted run left of it; returns its id and outputs."""

    @abstractmethod
    async def read(self, context: Context, state: Properties) -> dict[str, Any] | None:
        """The outputs as the world has them now; None where the resource is gone."""

    @abstractmethod
    async def update(self, context: Context, old: Properties, new: Properties) -> dict[str, Any]:
        """Brings the resource from its old state to new inputs in place, drift included; returns the outputs."""

    @abstractmethod
    async def delete(self, context: Context, state: Properties) -> None:
        """Takes the resource away; it may be gone already."""

    def foresee(self, new: Properties) -> Sequence[str]:
        """What an update to these inputs, which are all known, would mean, in lines for the user of a preview."""
        del new
        return ()

    def drift(self, old: Properties, new: Properties) -> Sequence[str]:
        """What must be mended although no input changed, by the old state and the new inputs."""
        del new
        return list(old.get("drift", ()))
