"""What is said of DNS that differs from a site, word for word."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpair.publish.dns import Record, records
from mailpair.publish.record_sets import (
    Question,
    RecordSet,
    Seen,
    drift,
    left_out_problems,
    questions,
    record_sets,
    split,
    without,
)
from tests.unit.publish.test_clients import PUBLISHED, SERVERS

MAIL, SITE = "mail.contoso.test.", "contoso.test."
SETS = (
    RecordSet(MAIL, "A", ("10.0.0.11", "10.0.0.13")),
    RecordSet(SITE, "MX", ("10 mail.contoso.test.",)),
    RecordSet(SITE, "TXT", ("v=spf1 ip4:10.0.0.11 -all",)),
    RecordSet("autoconfig.contoso.test.", "A", ("10.0.0.11",)),
)
AS_WANTED: dict[Question, Seen] = {
    **{(each.name, each.type): Seen(each.data) for each in SETS},
    (MAIL, "AAAA"): Seen(),
    ("autoconfig.contoso.test.", "AAAA"): Seen(),
}


def told(changed: Mapping[Question, Seen]) -> list[str]:
    return [str(each) for each in drift(SETS, {**AS_WANTED, **changed})]


def test_records_come_together_by_name_and_type_in_one_form() -> None:
    given = (
        Record("Mail.contoso.test.", "AAAA", "fd00:0:0::0011"),
        Record(SITE, "MX", "10  MX.contoso.test."),
        Record(MAIL, "AAAA", "fd00::11"),
        Record(MAIL, "AAAA", "fd00::12"),
        Record(SITE, "TXT", "v=spf1  A:X -all"),
    )
    assert record_sets(given) == (
        RecordSet(MAIL, "AAAA", ("fd00::11", "fd00::12")),
        RecordSet(SITE, "MX", ("10 mx.contoso.test.",)),
        RecordSet(SITE, "TXT", ("v=spf1  A:X -all",)),
    )


def test_a_host_is_asked_for_both_families() -> None:
    assert questions(SETS) == (
        (MAIL, "A"),
        (MAIL, "AAAA"),
        (SITE, "MX"),
        (SITE, "TXT"),
        ("autoconfig.contoso.test.", "A"),
        ("autoconfig.contoso.test.", "AAAA"),
    )


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        ({}, []),
        ({(MAIL, "A"): Seen(("10.0.0.13", "10.0.0.11"))}, []),
        ({(SITE, "MX"): Seen(("10 MAIL.contoso.test.",))}, []),
        ({(MAIL, "A"): Seen(("10.0.0.13",))}, ["mail.contoso.test A: missing: must be 10.0.0.11"]),
        (
            {(MAIL, "A"): Seen()},
            [
                "mail.contoso.test A: missing: must be 10.0.0.11",
                "mail.contoso.test A: missing: must be 10.0.0.13",
            ],
        ),
        (
            {(MAIL, "A"): Seen(("10.0.0.11", "10.0.0.99"))},
            ["mail.contoso.test A: 10.0.0.99: must be 10.0.0.13"],
        ),
        (
            {(MAIL, "A"): Seen(("10.0.0.11", "10.0.0.13", "10.0.0.99"))},
            ["mail.contoso.test A: 10.0.0.99: is not the site's; take it away"],
        ),
        ({(MAIL, "AAAA"): Seen(("fd00::11",))}, ["mail.contoso.test AAAA: fd00::11: is not the site's; take it away"]),
        # Texts for other purposes stand at the same name.
        ({(SITE, "TXT"): Seen(("v=spf1 ip4:10.0.0.11 -all", "other-site-verification=1"))}, []),
        (
            {(SITE, "TXT"): Seen(("other-site-verification=1",))},
            ["contoso.test TXT: missing: must be v=spf1 ip4:10.0.0.11 -all"],
        ),
        (
            {(SITE, "TXT"): Seen(("v=spf1 ip4:10.0.0.11 -all", "v=spf1 mx -all"))},
            ["contoso.test TXT: v=spf1 mx -all: is not the site's; take it away"],
        ),
        (
            {(SITE, "TXT"): Seen(("V=SPF1 mx -all",))},
            ["contoso.test TXT: V=SPF1 mx -all: must be v=spf1 ip4:10.0.0.11 -all"],
        ),
        # An alias does for a name that clients alone use.
        ({("autoconfig.contoso.test.", "A"): Seen(("10.0.0.11",), alias="web.contoso.test.")}, []),
        (
            {("autoconfig.contoso.test.", "A"): Seen((), alias="web.contoso.test.")},
            [
                (
                    "autoconfig.contoso.test A: an alias of web.contoso.test.: must lead to the right records; "
                    "these are 10.0.0.11"
                )
            ],
        ),
        (
            {(MAIL, "A"): Seen(("10.0.0.11", "10.0.0.13"), alias="front1.contoso.test.")},
            [
                (
                    "mail.contoso.test A: an alias of front1.contoso.test.: "
                    "must have records of its own, since MX and SRV name it; these are 10.0.0.11, 10.0.0.13"
                )
            ],
        ),
        (
            {("autoconfig.contoso.test.", "AAAA"): Seen(("fd00::9",), alias="web.contoso.test.")},
            [
                (
                    "autoconfig.contoso.test AAAA: an alias of web.contoso.test.: must lead to the right records; "
                    "the site has none of this type"
                )
            ],
        ),
        (
            {(MAIL, "AAAA"): Seen(trouble="127.0.0.1:53 said SERVFAIL")},
            ["mail.contoso.test AAAA: no answer: 127.0.0.1:53 said SERVFAIL"],
        ),
        (
            dict.fromkeys(AS_WANTED, Seen(trouble="127.0.0.1:53 said SERVFAIL")),
            ["DNS: no answer: 127.0.0.1:53 said SERVFAIL"],
        ),
    ],
)
def test_what_differs_is_named(changed: dict[Question, Seen], lines: list[str]) -> None:
    assert told(changed) == lines


def test_what_is_left_out_must_be_there() -> None:
    assert without(SETS, ["contoso.test TXT"]) == (*SETS[:2], SETS[3])
    assert [str(each) for each in left_out_problems("leave_out", SETS, ["contoso.test TXT", "contoso.test A"])] == [
        (
            "leave_out[1]: 'contoso.test A': must be a name and a type that the site has records of; "
            "these are autoconfig.contoso.test A, contoso.test MX, contoso.test TXT, mail.contoso.test A"
        )
    ]


ALL = record_sets(records(PUBLISHED, SERVERS))
BY_QUESTION = {(each.name, each.type): each.data for each in ALL}
ANSWERS = {question: BY_QUESTION.get(question, ()) for question in questions(ALL)}
FOREIGN = {
    "A": "192.0.2.9",
    "AAAA": "2001:db8::9",
    "MX": "5 mx.elsewhere.test.",
    "SRV": "7 7 7 x.elsewhere.test.",
    "TXT": "v=spf1 mx ~all",
}


@given(st.data())
def test_every_difference_is_found_and_nothing_else(data: st.DataObject) -> None:
    """Records taken out or added anywhere: as many names are told as were changed, in any order of answers."""
    seen: dict[Question, Seen] = {}
    changed = set()
    for question, wanted in ANSWERS.items():
        kept = data.draw(st.lists(st.sampled_from(wanted), unique=True)) if wanted else []
        kept = data.draw(st.sampled_from([kept, list(reversed(wanted))]))
        added = [FOREIGN[question[1]]] if data.draw(st.integers(0, 9)) == 0 else []
        seen[question] = Seen((*kept, *added))
        if set(kept) != set(wanted) or added:
            changed.add(f"{question[0].rstrip('.')} {question[1]}")
    assert {each.path for each in drift(ALL, seen)} == changed


@given(st.lists(st.text(max_size=20), max_size=5))
def test_texts_are_someone_s_exactly(found: list[str]) -> None:
    mine, others = split(SETS[2], found)
    assert sorted(mine + others) == sorted(set(found))
    assert all(each.lower().startswith("v=spf1") for each in mine)
