"""The page that answers for each of Exchange's parameters, in Markdown, made from their records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from mailpair.settings.describe import accepted, default, table
from mailpair.settings.record import Answer, Group, Named, Parameter

_INTRODUCTION = """\
# What became of Exchange's settings

<!-- Made by `make docs` from the records in mailpair/settings; change them, not this page. -->

Each parameter of the cmdlets below is a setting of the site document under its name in snake_case, with Exchange's
notation and range, and one of these answers:

- **native**: Dovecot, Postfix or nftables behave that way, and we configure them;
- **built**: we add what they lack;
- **fixed**: the value is always the safe one; that one may be written down, and no other;
- **refused**: there is no honest equivalent; what Exchange does by default may be written down, and nothing else.

Nothing is taken and then ignored: each row names the test that sees the setting at work from outside, or that sees it
refused word for word. What a setting means here is in [the site document](site-document.md). Settings of POP3 and IMAP4
may differ by server, as with `-Server`, under `servers`; those that may not say so there.
"""

_CMDLET = re.compile(r"(?P<cmdlet>[A-Z][A-Za-z]+-[A-Z][A-Za-z]+) -(?P<parameter>\w+)")
_SERVICE = re.compile(r"the service (?P<service>.+)")
_OWN = "Our own"


def parity(documents: Sequence[Group]) -> str:
    """The page for some documents."""
    sections: dict[str, list[Sequence[str]]] = {}
    for document in documents:
        for path, parameter in _parameters(document, ()):
            section, word = _origin(parameter)
            sections.setdefault(section, []).append(_row(path, word, parameter))
    own = sections.pop(_OWN, [])
    strangers = {_cmdlet(group): group.strangers for group in _groups(documents) if group.strangers}
    parts = [_INTRODUCTION]
    for section, rows in sections.items():
        parts.append(f"## {section}\n")
        parts.append(table(("Parameter", "Setting", "Accepted", "Default", "Answer", "How, or why not", "Test"), rows))
        if section in strangers:
            parts.append(_strangers(strangers[section]))
    parts.append("## Ready connectors\n")
    parts.extend(_ready(documents))
    parts.append("## Our own\n\nSettings that Exchange Server 2013 does not have.\n")
    parts.append(table(("Nearest in Exchange", "Setting", "Accepted", "Default", "Answer", "How", "Test"), own))
    return "\n".join(parts)


def _parameters(group: Group, path: tuple[str, ...]) -> Iterator[tuple[str, Parameter]]:
    for member in group.members:
        match member:
            case Parameter():
                yield ".".join((*path, member.name)), member
            case Group():
                yield from _parameters(member, (*path, member.name))
            case Named(name="servers"):
                pass  # The same again, for one server.
            case Named():
                yield from _parameters(member.group, (*path, f"{member.name}[NAME]"))


def _groups(documents: Sequence[Group]) -> Iterator[Group]:
    for document in documents:
        for member in document.members:
            if isinstance(member, Group):
                yield member
            elif isinstance(member, Named) and member.name != "servers":
                yield member.group


def _origin(parameter: Parameter) -> tuple[str, str]:
    """The section that a row belongs to, and what Exchange calls it."""
    if match := _CMDLET.match(parameter.source):
        return match["cmdlet"], match["parameter"]
    if match := _SERVICE.match(parameter.source):
        return "Services", match["service"]
    return _OWN, parameter.source


def _cmdlet(group: Group) -> str:
    """The cmdlet that most of a group's settings come from."""
    found = [_origin(each)[0] for each in group.members if isinstance(each, Parameter)]
    return max(found, key=found.count)


def _row(path: str, word: str, parameter: Parameter) -> Sequence[str]:
    taken, usual = accepted(parameter), default(parameter)
    if parameter.exchange_accepts:
        taken += f" (Exchange: {parameter.exchange_accepts})"
    if parameter.exchange_default:
        usual += f" (Exchange: {parameter.exchange_default})"
    why = parameter.text if parameter.answer is Answer.REFUSED else parameter.how or parameter.text
    return (
        word,
        f"`{path}`",
        taken,
        usual,
        parameter.answer.value,
        why,
        f"`{parameter.test.removeprefix('tests/')}`",
    )


def _strangers(strangers: Mapping[str, str]) -> str:
    by_reason: dict[str, list[str]] = {}
    for name, reason in strangers.items():
        by_reason.setdefault(reason, []).append(f"`{name}`")
    listed = [f"- {', '.join(names)}: {reason}" for reason, names in by_reason.items()]
    return "\n".join(["No settings here, each with the reason:\n", *listed, ""])


def _ready(documents: Sequence[Group]) -> Iterator[str]:
    named = [each for document in documents for each in document.members if isinstance(each, Named)]
    for each in named:
        for name in each.ready:
            less = each.differences.get(name, "its settings are Exchange's")
            yield f"- `{name}` is there unasked, with [these settings](site-document.md): {less}."
        for name, reason in each.refused.items():
            yield f"- `{name}` is refused: {reason}."
    yield ""
