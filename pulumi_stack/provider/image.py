"""The resource Image: the base image of all machines."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pulumi_stack.errors import Problem
from pulumi_stack.platforms.nspawn.image import ImageSpec
from pulumi_stack.platforms.nspawn.make_image import default_cache, make
from pulumi_stack.provider.kind import Context, Field, Kind, Properties

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")


class Image(Kind):
    """A base image in this machine's cache, where it stays when the resource is deleted: it costs nobody anything.

    Input: ``packages``, Debian packages beyond the base. Outputs: ``key``, which tells images apart; ``path``, where
    it is.
    """

    token: ClassVar[str] = "mailpair:index:Image"
    fields: ClassVar = {"packages": Field(list)}

    def check(self, inputs: Properties) -> list[Problem]:
        """Names of packages as Debian's policy has them."""
        return [
            Problem(f"packages[{index}]", repr(each), "must be the name of a Debian package")
            for index, each in enumerate(inputs["packages"])
            if not isinstance(each, str) or not _PACKAGE.fullmatch(each)
        ]

    def outputs(self, inputs: Properties) -> dict[str, Any]:
        """All is known beforehand."""
        spec = ImageSpec.of(inputs["packages"])
        return {"key": spec.key, "path": str(spec.folder(default_cache())), "drift": []}

    async def create(self, context: Context, inputs: Properties) -> tuple[str, dict[str, Any]]:
        """Builds the image where the cache does not have it."""
        return "image", await self.update(context, inputs, inputs)

    async def read(self, context: Context, state: Properties) -> dict[str, Any] | None:
        """Looks whether the cache still has the image."""
        del context
        outputs = self.outputs(state)
        gone = not ImageSpec.of(state["packages"]).folder(default_cache()).exists()
        return {**outputs, "drift": ["missing"] if gone else []}

    async def update(self, context: Context, old: Properties, new: Properties) -> dict[str, Any]:
        """Builds the image that is wanted now."""
        del old
        spec, cache = ImageSpec.of(new["packages"]), default_cache()
        if not spec.folder(cache).exists():
            context.say(f"building the base image {spec.key} into {cache}", False)
        await make(spec, cache, context.runner)
        return self.outputs(new)

    async def delete(self, context: Context, state: Properties) -> None:
        """Leaves the cache as it is."""
