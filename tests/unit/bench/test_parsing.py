"""What the benchmark reads of hosts, and what it sends them."""

from __future__ import annotations

import sys
from email import message_from_bytes
from pathlib import Path

import pytest
import yaml

from bench import __main__ as bench_main
from bench import commands, holding, machine, rollout
from bench.__main__ import arguments
from bench.figures import Figure
from bench.pair import PARTS
from mailpair import passwords, site
from mailpair.state import SiteState

LAB = Path(__file__).parents[3] / "inventories" / "lab"
ROLLUPS = """\
55d0c0a5d000-7ffe5b7d9000 ---p 00000000 00:00 0                          [rollup]
Rss:                6852 kB
Pss:                1234 kB
Pss_Dirty:           900 kB
Pss_Anon:            800 kB
55d0c0a5d000-7ffe5b7d9000 ---p 00000000 00:00 0                          [rollup]
Rss:                 100 kB
Pss:                   6 kB
"""


def test_memory_is_the_sum_of_the_proportional_sets() -> None:
    assert holding.proportional(ROLLUPS) == 1240
    assert holding.proportional("") == 0


@pytest.mark.parametrize("size", [200, 201, 277, 278, 1_000_003])
def test_a_large_message_has_exactly_its_size_and_no_long_line(size: int) -> None:
    message = commands.large_message(size)
    assert len(message) == size
    assert message_from_bytes(message)["Subject"] == "large"
    assert message.endswith(b"\r\n")
    assert max(map(len, message.split(b"\r\n"))) <= 2 * 78


def test_people_of_the_benchmark_are_in_the_document_and_have_the_cheapest_hash(tmp_path: Path) -> None:
    for name in ("site.yml", "mailboxes.yml"):
        (tmp_path / name).write_text((LAB / name).read_text())
    people = holding.accounts(tmp_path, 21)
    assert [each.address for each in people] == [f"holding000{number}@contoso.test" for number in range(3)]
    assert {each.address for each in people} <= set(
        yaml.safe_load((tmp_path / "mailboxes.yml").read_text())["mailpair_mailboxes"]
    )
    site.load(tmp_path)
    for each in people:
        phc = SiteState(tmp_path).password_hash(each.address)
        assert phc.startswith("$argon2id$v=19$m=8,t=1,p=1$")
        assert not passwords.is_current(phc, each.password)


def test_all_parts_are_measured_unless_some_are_named() -> None:
    assert arguments().parse_args([]).parts == ["growing", "rollout", *PARTS]
    assert arguments().parse_args(["--parts", "commands", "--fetches", "3"]).fetches == 3


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--parts", "growing"], ["growing"]),
        (["--parts", "growing", "commands"], ["growing", "a pair"]),
        (["--parts", "growing", "commands", "--keep", "pair"], ["a pair"]),
        (["--parts", "commands"], ["a pair"]),
    ],
)
def test_stacks_that_grow_need_no_pair_and_a_pair_that_is_kept_is_alone(
    words: list[str], expected: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", *words])
    monkeypatch.setattr(machine, "PROBES", 1)
    monkeypatch.setattr(bench_main, "Checkout", lambda *_: None)
    monkeypatch.setattr(bench_main, "of_a_pair", lambda *_: [Figure("a pair", 1, "s")])
    monkeypatch.setattr(rollout, "growing", lambda *_: [Figure("growing", 1, "s")])
    assert bench_main.main() == 0
    printed = capsys.readouterr().out
    assert [name for name in ("growing", "a pair") if name in printed] == expected
