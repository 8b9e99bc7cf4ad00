"""Passwords of mailboxes: made once, hashed once, of many side by side; what a person set is kept as a hash."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import argon2
import pytest

from mailpair import passwords, private_files
from mailpair.state import SiteState
from tests.unit.state.refusals import told

ADA = "ada@contoso.test"


def age(path: Path, seconds: int = 10) -> None:
    """Makes a file look as if it had last changed some time ago."""
    when = path.stat().st_mtime_ns - seconds * 1_000_000_000
    os.utime(path, ns=(when, when))


def right(phc: str, password: str) -> bool:
    try:
        return argon2.PasswordHasher().verify(phc, password)
    except argon2.exceptions.VerifyMismatchError:
        return False


def test_a_password_is_made_once(state: SiteState) -> None:
    path = state.ensure_password(ADA)
    assert path == state.password_file(ADA)
    first = path.read_text()
    assert first.count("\n") == 1
    assert state.ensure_password(ADA).read_text() == first
    assert state.ensure_password("bob@contoso.test").read_text() != first


def test_a_hash_has_the_parameters_that_owasp_gives(state: SiteState) -> None:
    assert state.password_hash(ADA).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_hash_stays_the_same_for_as_long_as_the_password_does(state: SiteState) -> None:
    first = state.password_hash(ADA)
    assert right(first, state.password_file(ADA).read_text().strip())
    assert state.password_hash(ADA) == first
    age(state.password_file(ADA))
    assert state.password_hash(ADA) == first
    # A copy of the folder, or a file that was put back, is no other password.
    os.utime(state.password_file(ADA))
    assert state.password_hash(ADA) == first


def computes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on it is an error to compute a hash."""

    def computed(*_: object) -> bool:
        raise AssertionError

    monkeypatch.setattr(passwords, "is_current", computed)
    monkeypatch.setattr(passwords, "make_hash", computed)


def test_a_hash_that_is_known_to_be_right_is_not_computed_again(
    state: SiteState, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.ensure_password(ADA)
    age(state.password_file(ADA))
    first = state.password_hash(ADA)
    computes_nothing(monkeypatch)
    assert state.password_hash(ADA) == first


def test_a_password_that_was_made_here_is_hashed_once(state: SiteState, monkeypatch: pytest.MonkeyPatch) -> None:
    first = state.password_hash(ADA)
    computes_nothing(monkeypatch)
    assert state.password_hash(ADA) == first
    monkeypatch.undo()
    state.password_file(ADA).write_text("another one\n")
    assert right(state.password_hash(ADA), "another one")


def test_many_hashes_are_made_side_by_side(state: SiteState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    both = threading.Barrier(2, timeout=30)  # which breaks where one waits for the other

    def make_hash(password: str) -> str:
        both.wait()
        return argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)

    monkeypatch.setattr(passwords, "make_hash", make_hash)
    people = [f"user{number}@contoso.test" for number in range(4)]
    hashes = state.password_hashes(people)
    assert {*hashes} == {*people}
    for address in people:
        assert right(hashes[address], state.password_file(address).read_text().strip())
        assert state.hash_file(address).read_text() == f"{hashes[address]}\n"


def test_of_many_all_that_is_wrong_is_told_and_others_are_made(state: SiteState) -> None:
    people = [f"user{number}@contoso.test" for number in range(3)]
    for address in people[:2]:
        state.ensure_password(address)
    state.password_file(people[0]).write_text("\n")
    state.hash_file(people[1]).write_text("hello")
    rule = "must be one line that is not empty, without control characters"
    assert told(lambda: state.password_hashes(people)).splitlines() == [
        f"{state.hash_file(people[1])} is not an argon2id hash; remove it, or set the password again",
        f"{state.password_file(people[0])} {rule}",
    ]
    assert state.hash_file(people[2]).exists()


def test_others_have_their_turn_while_many_hashes_are_made(state: SiteState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailpair.mailbox_passwords._AT_ONCE", 1)
    people = [f"user{number}@contoso.test" for number in range(3)]
    held: list[list[str]] = []
    locked = private_files.locked

    @contextmanager
    def counted(folder: Path) -> Iterator[None]:
        with locked(folder):
            yield
        held.append(sorted(path.name for path in (folder / "hashes").iterdir()))

    monkeypatch.setattr(private_files, "locked", counted)
    state.password_hashes(people)
    assert held == [people[:1], people[:2], people]


@pytest.mark.parametrize("settled", [True, False], ids=["long after", "at once"])
def test_a_changed_password_has_another_hash(state: SiteState, settled: bool) -> None:
    path = state.ensure_password(ADA)
    path.write_text("the first one\n")
    if settled:
        age(path)
    first = state.password_hash(ADA)
    stamp = path.stat().st_mtime_ns
    path.write_text("another one\n")
    if not settled:  # within the same tick of the clock
        os.utime(path, ns=(stamp, stamp))
    second = state.password_hash(ADA)
    assert second != first
    assert right(second, "another one")


def test_a_hash_of_other_parameters_is_made_anew(state: SiteState) -> None:
    password = state.ensure_password(ADA).read_text().strip()
    state.password_hash(ADA)
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
    state.hash_file(ADA).write_text(f"{weak}\n")
    assert state.password_hash(ADA).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_password_that_a_person_set_is_kept_as_a_hash_only(state: SiteState) -> None:
    state.password_hash(ADA)
    state.set_password(ADA, "Gr\u00fc\u00dfe aus K\u00f6ln: 5")
    assert not state.password_file(ADA).exists()
    assert not state.ensure_password(ADA).exists()
    first = state.password_hash(ADA)
    assert right(first, "Gr\u00fc\u00dfe aus K\u00f6ln: 5")
    assert state.password_hash(ADA) == first
    for path in state.root.rglob("*"):
        assert path.is_dir() or "K\u00f6ln" not in path.read_text()


def test_a_hash_that_was_brought_from_elsewhere_is_used(state: SiteState) -> None:
    state.ensure_password("bob@contoso.test")
    brought = argon2.PasswordHasher(time_cost=3, memory_cost=1024, parallelism=2).hash("old one")
    state.hash_file(ADA).write_text(f"{brought}\n")
    assert state.password_hash(ADA) == brought


@pytest.mark.parametrize("text", ["", "hello", "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g", "$6$salt$hash"])
def test_what_is_no_hash_is_named(state: SiteState, text: str) -> None:
    state.set_password(ADA, "x")
    state.hash_file(ADA).write_text(text)
    assert told(lambda: state.password_hash(ADA)) == (
        f"{state.hash_file(ADA)} is not an argon2id hash; remove it, or set the password again"
    )


@pytest.mark.parametrize("password", ["", "two\nlines", "nul\0", "\x7f", "tab\t"])
def test_a_password_that_no_client_could_send_is_refused(state: SiteState, password: str) -> None:
    rule = "must be one line that is not empty, without control characters"
    assert told(lambda: state.set_password(ADA, password)) == f"the password of {ADA} {rule}"
    path = state.ensure_password(ADA)
    path.write_text(f"{password}\n")
    assert told(lambda: state.password_hash(ADA)) == f"{path} {rule}"


def test_a_generated_password_can_be_read_aloud() -> None:
    made = {passwords.generate() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        assert [len(group) for group in password.split("-")] == [5, 5, 5, 5]
        assert not set(password) & set("l1o0IO")


def test_two_processes_that_ask_at_once_get_the_same(state: SiteState) -> None:
    asked = [state] * 4
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        hashes = set(pool.map(SiteState.password_hash, asked, [ADA] * 4))
        keys = set(pool.map(SiteState.ssh_public_key, asked))
    assert (len(hashes), len(keys)) == (1, 1)
    assert right(hashes.pop(), state.password_file(ADA).read_text().strip())
