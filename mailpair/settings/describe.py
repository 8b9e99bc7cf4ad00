"""The description of all settings, in Markdown, made from their records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailpair.settings.notation import ListOf
from mailpair.settings.record import Group, Named, Parameter

_INTRODUCTION = """\
# The site document

<!-- Made by `python -m mailpair document` from the records in mailpair/settings; change them, not this page. -->

A site is a folder with two documents in YAML: `site.yml` says what the site offers, `mailboxes.yml` who has a mailbox
and where. Settings have the names of Exchange Server 2013's parameters, in snake_case, and the notations that its
cmdlets take and print. `python -m mailpair check --site FOLDER` reads both and says everything that is wrong, one line
a problem, without touching a host:

    pop_settings.external_connection_settings[0]: 'mail.contoso.com:995:TSL': encryption must be SSL or TLS

A document is plain data. Only `true` and `false` are truth values and only decimal digits are numbers; anchors, tags
and keys that are written twice are refused. A setting with nothing behind its colon is one that was not said. Words
are the same in upper and lower case, and so are domains, addresses and names. No document holds a secret: passwords
are in the site's private folder (`python -m mailpair password ADDRESS --site FOLDER`), and so are the credentials for
smart hosts.

**Answer** says what became of Exchange's parameter: *native*, the server has it; *built*, we add it; *fixed*, only the
safe value is taken; *ours*, Exchange has no such setting. **Seen by** names the test that shows the setting at work.
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
    rows = [
        "| Setting | Meaning | Written as | Default | Answer | Exchange | Seen by |",
        "|---|---|---|---|---|---|---|",
        *(_row(each) for each in parameters),
    ]
    return "\n".join(rows) + "\n"


def _row(parameter: Parameter) -> str:
    said = parameter.notation.said
    if isinstance(parameter.notation, ListOf) and parameter.notation.at_least:
        said += f"; {parameter.notation.at_least} at least"
    cells = (
        f"`{parameter.name}`",
        parameter.text,
        said,
        _default(parameter),
        parameter.answer.value,
        parameter.source,
        f"`{parameter.test.rpartition('/')[2]}`",
    )
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _default(parameter: Parameter) -> str:
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
