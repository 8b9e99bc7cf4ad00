"""A role's defaults, its argument specification and its README tell the same story."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
ROLES = sorted(path.parent.parent for path in ROOT.glob("roles/*/tasks/main.yml"))


def options(role: Path) -> dict[str, dict[str, Any]]:
    spec = yaml.safe_load((role / "meta/argument_specs.yml").read_text())
    found: dict[str, dict[str, Any]] = spec["argument_specs"]["main"]["options"]
    return found


def defaults(role: Path) -> dict[str, Any]:
    path = role / "defaults/main.yml"
    return yaml.safe_load(path.read_text()) if path.exists() else {}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_defaults_are_specified(role: Path) -> None:
    assert defaults(role) == {name: option["default"] for name, option in options(role).items() if "default" in option}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_what_has_no_default_is_required(role: Path) -> None:
    assert all(option.get("required", False) is ("default" not in option) for option in options(role).values())


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_variables_are_named_after_the_role_and_explained(role: Path) -> None:
    explained = set(re.findall(r"^\| `(\w+)` \|", (role / "README.md").read_text(), re.MULTILINE))
    assert {name for name in explained if name.startswith(role.name)} == set(options(role))
    assert all(name.startswith(f"{role.name}_") for name in options(role))


def test_the_playbook_gives_each_role_its_plan() -> None:
    plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text())
    given = {entry["role"]: entry["vars"] for play in plays for entry in play.get("roles", [])}
    assert given == {
        f"mailpair.mail.{role.name}": {f"{role.name}_plan": f"{{{{ mailpair_plan.{role.name} }}}}"} for role in ROLES
    }
