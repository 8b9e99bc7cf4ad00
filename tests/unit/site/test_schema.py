"""Cerberus takes what the records make for a schema; nothing else finds that out."""

from __future__ import annotations

import pytest
from cerberus import Validator

from mailpair.settings.documents import MAILBOXES, SITE
from mailpair.settings.record import Group
from mailpair.site import schema


@pytest.mark.parametrize("root", [SITE, MAILBOXES], ids=lambda root: root.name)
def test_the_records_make_a_schema(root: Group) -> None:
    made = schema._members(root)
    assert schema._Validator(made).schema
    assert isinstance(schema._Validator(made), Validator)
