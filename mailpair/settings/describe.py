"""The description of all settings, in Markdown, made from their records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mailpair.settings.notation import ListOf
from mailpair.settings.record import Group, Named, Parameter

_INTRODUCTION = """\
# The site document

<!-- Made by `make docs` from the records in mailpair/settings; change them, not this page. -->

A site is a folder with two documents in YAML: `site.yml` says what the site offers, `mailboxes.yml` who has a mailbox
and where. Settings have the names of Exchange Server 2013's parameters, in snake_case, and the notations that its
cmdlets take and print. `python -m mailpair check --site FOLDER` reads both and says everything that is wrong, one line
a problem, without touching a host; where nothing is wrong, it says what a run would change:

    pop_settings.external_connection_settings[0]: 'mail.contoso.com:995:TSL': encryption must be SSL or TLS

A document is plain data. Only decimal digits are numbers, so that `00:30:00` is the time it looks like; anchors, tags
and keys that are written twice are refused. What PowerShell prints and takes may be pasted:

- truth values are `true` and `false`, or `$true` and `$false`; nothing else is one. `$null`, like nothing behind the
  colon, means that a setting was not said;
- words are the same in upper and lower case, and so are domains, addresses and names; where Exchange numbers its words,
  the number does as well (`LoginType: 3` is SecureLogin);
- lists may be text with commas (`0.0.0.0:995,[::]:995`); `@{Add=...}` is refused, as a document states the whole list;
- times are `hh:mm:ss`, with days before a dot (`1.00:00:00`); sizes are `36 MB`, `36MB`, `36 MB (37,748,736 bytes)` or
  a number of bytes, with units of 1024; `unlimited` is a word where Exchange has it, elsewhere 2147483647 is no limit;
- clients are addresses, ranges (`10.0.0.1-10.0.0.9`) or networks (`10.0.0.0/8`), of both families.

No document holds a secret: passwords are in the site's private folder (`python -m mailpair password ADDRESS --site
FOLDER`), and so are the credentials for smart hosts. Editors that know JSON Schema complete and check a document whose
first line is `# yaml-language-server: $schema=` and the path to `schemas/site.json` or `schemas/mailboxes.json`.

**Answer** says what became of Exchange's parameter: *native*, the server has it; *built*, we add it; *fixed*, only the
safe value is taken; *refused*, only what Exchange does by default is taken; *ours*, Exchange has no such setting.
**Seen by** names the test that shows the setting at work. [What became of Exchange's settings](exchange-parity.md)
lists them by cmdlet.
"""


def describe(documents: Sequence[Group]) -> str:
    """The page for some documents, each under the key that it begins with."""
    parts = [_INTRODUCTION]
    for document in documents:
        parts.append(f"## `{document.name}`\n\n{document.text}\n")
        parts.extend(_members(document, ()))
    return "\n".join(parts)


def _members(group: Group, path: tuple[str, ...]) -> Iterator[str]:
    parameters = [each for each in group.members if isinstance(each, Parameter)]
    if parameters:
        yield _table(parameters)
    for member in group.members:
        match member:
            case Group(name, text, _):
                yield _section((*path, name), text)
                yield from _members(member, (*path, name))
            case Named(name, text, key, inner):
                place = (*path, f"{name}[NAME]")
                yield _section(place, f"{text}\n\nEach has {key.said}.")
                yield from _ready(member)
                yield from _members(inner, place)
            case _:
                pass


def _section(path: tuple[str, ...], text: str) -> str:
    return f"### `{'.'.join(path)}`\n\n{text}\n"


def _ready(named: Named) -> Iterator[str]:
    for name, settings in named.ready.items():
        listed = ", ".join(f"`{setting}: {_written(value)}`" for setting, value in settings.items())
        yield f"- `{name}`: {listed}\n"
    for name, reason in named.refused.items():
        yield f"- `{name}` is refused: {reason}.\n"


def _table(parameters: Sequence[Parameter]) -> str:
    heads = ("Setting", "Meaning", "Written as", "Default", "Answer", "Exchange", "Seen by")
    return table(heads, [_row(each) for each in parameters])


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _row(parameter: Parameter) -> Sequence[str]:
    return (
        f"`{parameter.name}`",
        parameter.text,
        accepted(parameter),
        default(parameter),
        parameter.answer.value,
        parameter.source,
        f"`{parameter.test.rpartition('/')[2]}`",
    )


def accepted(parameter: Parameter) -> str:
    """How a setting is written, and what is taken."""
    notation = parameter.notation
    least = f"; {notation.at_least} at least" if isinstance(notation, ListOf) and notation.at_least else ""
    return f"{notation.said}{least}"


def default(parameter: Parameter) -> str:
    """What holds where nothing is said."""
    if parameter.required:
        return "none; it must be given"
    return parameter.unsaid if parameter.default is None else f"`{_written(parameter.default)}`"


def _written(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(_written(item) for item in value)}]"
        case _:
            return str(value)
