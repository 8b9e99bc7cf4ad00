"""What editors are told of documents: nothing that is right is minded, and what one value shows is minded at once."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailpair.settings.documents import MAILBOXES, SITE
from mailpair.site.document import read
from tests.unit.site.conftest import RIGHT, put
from tests.unit.site.editors import minded, minded_in, validator
from tests.unit.site.test_rules import cases
from tests.unit.site.test_wrong_values import rows

ROOT = Path(__file__).parents[3]

# Wrong values in which an editor sees nothing wrong: it does not know other settings, nor what is in a text.
UNSEEN = frozenset(Path(__file__).with_name("unseen_by_editors.txt").read_text().splitlines())


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    documents = copy.deepcopy(RIGHT)
    for path, value in changes.items():
        put(documents, path, value)
    return documents


@pytest.mark.parametrize("site", ["inventories/lab", "tests/e2e/site"])
def test_documents_in_use_are_right_and_name_their_schema(site: str) -> None:
    for document in (SITE, MAILBOXES):
        name = document.name.removeprefix("mailpair_")
        path = ROOT / site / f"{name}.yml"
        content, _ = read(path, document.name)
        assert minded_in(document, content) == []
        first = path.read_text().partition("\n")[0]
        schema = first.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / schema).resolve() == ROOT / "schemas" / f"{name}.json"


@pytest.mark.parametrize(("path", "value"), [(path, value) for path, value, _ in rows()])
def test_a_wrong_value_is_minded(path: str, value: str) -> None:
    assert bool(minded(changed({path: json.loads(value)}))) is (f"{path} = {value}" not in UNSEEN)


def test_what_is_unseen_is_in_the_table_of_wrong_values() -> None:
    assert {f"{path} = {value}" for path, value, _ in rows()} >= UNSEEN


RIGHT_TOGETHER = {title: changes for title, (changes, problems) in cases().items() if not problems}


@pytest.mark.parametrize("changes", RIGHT_TOGETHER.values(), ids=list(RIGHT_TOGETHER))
def test_what_is_right_together_is_not_minded(changes: dict[str, Any]) -> None:
    assert minded(changed(changes)) == []


@pytest.mark.parametrize(
    "text",
    ["", "[]", "mailpair_site: []", "mailpair_site: {}", "mailpair_site: {accepted_domains: a.test}\nother: {}\n"],
)
def test_a_file_that_is_no_document_is_minded(text: str) -> None:
    assert [*validator(SITE).iter_errors(yaml.safe_load(text))]


def test_an_editor_offers_words_and_names() -> None:
    """It offers what it finds under properties and enum."""
    settings = validator(SITE).schema["properties"]["mailpair_site"]["properties"]
    login_type = settings["pop_settings"]["anyOf"][0]["properties"]["login_type"]
    assert {"enum": ["PlainTextAuthentication", "SecureLogin"]} in login_type["anyOf"][0]["anyOf"]
    assert login_type["default"] == "SecureLogin"
    assert login_type["description"].startswith("What a client may do before TLS.")
    assert list(settings["receive_connectors"]["anyOf"][0]["properties"]) == ["Client Frontend", "Default Frontend"]
