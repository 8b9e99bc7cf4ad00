# SPDX-License-Identifier: GPL-3.0-or-later
"""A text with one mailbox's lines or entries in the place of former ones; standard library only, for hosts."""

from __future__ import annotations

import json
from bisect import bisect_right
from typing import Any


def with_lines(text: str, change: dict[str, Any]) -> str:
    """Replace the lines of one owner, and those that end the file.

    Lines stand in the order of their owners, as a run for all mailboxes writes them. C(change) has C(owner),
    C(separator), C(owned_by) (first or second: the word of a line that is its owner), C(lines), C(loose) (first words
    of lines that go whoever owns them) and C(last) (lines that end the file).
    """
    separator, owner, loose = change["separator"], change["owner"], {*change["loose"]}

    def owner_of(line: str) -> str:
        first, _, rest = line.partition(separator)
        return first if change["owned_by"] == "first" else rest

    def goes(line: str) -> bool:
        return owner_of(line) == owner or line.partition(separator)[0] in loose

    lines, own = text.splitlines(), {owner, *loose}
    if any(each in text for each in own):  # of most lines it is known without taking them apart
        lines = [
            line for line in lines if line.startswith("#") or not any(each in line for each in own) or not goes(line)
        ]
    head = [line for line in lines if line.startswith("#")]
    body = [line for line in lines if not line.startswith("#")] if head else lines
    place = bisect_right(body, owner, key=owner_of)
    body[place:place] = change["lines"]
    return "".join(f"{line}\n" for line in (*head, *body, *change["last"]))


def with_entries(text: str, change: dict[str, Any]) -> str:
    """Replace entries of the mappings in a JSON document.

    C(change) has C(without) (keys that go, by mapping) and C(given) (entries that come, by mapping).
    """
    content = json.loads(text)
    for name, keys in change["without"].items():
        stay = {key: value for key, value in content[name].items() if key not in keys}
        content[name] = stay | change["given"][name]
    # As the filter to_nice_json writes it.
    return json.dumps(content, indent=4, sort_keys=True, separators=(",", ": ")) + "\n"
