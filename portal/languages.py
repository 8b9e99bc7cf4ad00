"""The languages that the page speaks, each a file of texts with the same keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from werkzeug.datastructures import LanguageAccept

TEXTS = Path(__file__).parent / "texts"
DEFAULT = "en"


@dataclass(frozen=True)
class Language:
    """Texts of one language; what is filled into them is escaped."""

    tag: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> Markup:
        """The text of a key, with values in the place of their names in braces."""
        return Markup(self.texts[key]).format(**values)  # noqa: S704 - the texts are our own


LANGUAGES = {
    path.stem: Language(path.stem, json.loads(path.read_text("utf-8"))) for path in sorted(TEXTS.glob("*.json"))
}


def wished(accepted: LanguageAccept) -> Language:
    """The first of a browser's languages that is ours, of whatever region; English where it wants none of them."""
    for tag in accepted.values():
        for ours, language in LANGUAGES.items():
            if tag.partition("-")[0].lower() == ours.partition("-")[0]:
                return language
    return LANGUAGES[DEFAULT]
