"""Forms of values in JSON Schema (draft 7), for editors: what they refuse a notation refuses as well."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Form = dict[str, Any]

UNLIMITED = "unlimited"


def matching(pattern: str) -> Form:
    """Text that matches a regular expression as a whole, in the grammar that Python and ECMAScript have in common."""
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def in_any_case(text: str) -> str:
    """A regular expression for a text in upper or lower case or both."""
    letters = (f"[{each.upper()}{each.lower()}]" if each.isalpha() else each for each in text)
    return "".join("\\" + each if each in "$.*+?()|" else each for each in letters)


def one_of(*forms: Form) -> Form:
    """A value in any of several forms."""
    return forms[0] if len(forms) == 1 else {"anyOf": list(forms)}


def truth(*values: bool) -> Form:
    """``true``, ``false``, or PowerShell's words for them."""
    return one_of({"enum": list(values)}, *(matching(in_any_case("$true" if value else "$false")) for value in values))


def whole(least: int, most: int) -> Form:
    """A whole number in a range."""
    return {"type": "integer", "minimum": least, "maximum": most}


def several(known: Iterable[str]) -> Form:
    """Some words with commas between them, in any case."""
    word = f" *({'|'.join(map(in_any_case, known))}) *"
    return matching(f"{word}(,{word})*")


def words(known: Iterable[str], numbers: Iterable[int] = ()) -> Form:
    """One of some words, in any case, or of some numbers; editors offer the words."""
    listed = list(known)
    counted = list(numbers)
    forms: list[Form] = [{"enum": listed}, matching("|".join(map(in_any_case, listed)))]
    if counted:
        forms += [{"enum": counted}, {"enum": [str(number) for number in counted]}]
    return one_of(*forms)
