"""What an editor says of documents, from the schemas that it is given."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft7Validator

from mailpair.settings.documents import MAILBOXES, SITE
from mailpair.settings.json_schema import json_schema
from mailpair.settings.record import Group


def minded(documents: dict[str, Any]) -> list[str]:
    """What is said of a site's document and, under ``mailboxes``, that of its mailboxes."""
    site = {name: value for name, value in documents.items() if name != "mailboxes"}
    return [*minded_in(SITE, site), *minded_in(MAILBOXES, documents["mailboxes"])]


def minded_in(document: Group, content: object) -> list[str]:
    """What is said of one document."""
    return [error.message for error in validator(document).iter_errors({document.name: content})]


def validator(document: Group) -> Draft7Validator:
    """The schema of a document."""
    return _VALIDATORS[document.name]


def _validator(document: Group) -> Draft7Validator:
    schema = json.loads(json_schema(document))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


_VALIDATORS = {document.name: _validator(document) for document in (SITE, MAILBOXES)}
