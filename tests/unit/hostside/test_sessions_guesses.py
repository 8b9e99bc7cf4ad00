from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostside.sessions.guesses import MOST, Buckets, Guesses, GuessLimits, Verdict, client_of

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
HOME, CAFE = "192.0.2.1", "198.51.100.7"
LOOK, WAIT, REFUSE = Verdict.LOOK, Verdict.WAIT, Verdict.REFUSE


class Remembered(set[tuple[str, str]]):
    """Who has signed in from where, in memory."""

    def has(self, mailbox: str, client: str) -> bool:
        return (mailbox, client) in self

    def add(self, mailbox: str, client: str) -> None:  # type: ignore[override]
        super().add((mailbox, client))


def guesses(pair: int | None = None, client: int | None = None, mailbox: int | None = None) -> Guesses:
    return Guesses(GuessLimits(pair, client, mailbox), Remembered())


def test_one_client_guesses_so_often_for_one_mailbox() -> None:
    it = guesses(pair=3)
    assert [it.judge(ADA, CAFE, 0) for _ in range(5)] == [LOOK, LOOK, LOOK, REFUSE, REFUSE]
    assert it.judge(BOB, CAFE, 0) is LOOK
    assert it.judge(ADA, HOME, 0) is LOOK


def test_one_client_guesses_so_often_for_all_mailboxes() -> None:
    it = guesses(client=3)
    assert [it.judge(f"{n}@contoso.test", CAFE, 0) for n in range(5)] == [LOOK, LOOK, LOOK, REFUSE, REFUSE]
    assert it.judge(ADA, HOME, 0) is LOOK


def test_many_clients_guess_so_often_for_one_mailbox() -> None:
    it = guesses(mailbox=3)
    assert [it.judge(ADA, f"192.0.2.{n}", 0) for n in range(5)] == [LOOK, LOOK, LOOK, REFUSE, REFUSE]
    assert it.judge(BOB, "192.0.2.9", 0) is LOOK


@pytest.mark.parametrize("kind", ["pair", "client", "mailbox"])
def test_an_hour_fills_what_was_used_up_bit_by_bit(kind: str) -> None:
    it = guesses(**{kind: 6})
    assert [it.judge(ADA, CAFE, 0) for _ in range(7)] == [LOOK] * 6 + [REFUSE]
    assert it.judge(ADA, CAFE, 599) is REFUSE
    assert [it.judge(ADA, CAFE, 601) for _ in range(2)] == [LOOK, REFUSE]
    assert [it.judge(ADA, CAFE, 86_400) for _ in range(7)] == [LOOK] * 6 + [REFUSE]


def test_a_right_password_uses_up_nothing() -> None:
    it = guesses(pair=2, client=2, mailbox=2)
    for _ in range(20):
        assert it.judge(ADA, HOME, 0) is LOOK
        it.right(ADA, HOME, 0)


def test_whoever_was_there_before_is_slowed_down_and_never_refused() -> None:
    it = guesses(pair=2, client=1, mailbox=1)
    assert it.judge(ADA, HOME, 0) is LOOK
    it.right(ADA, HOME, 0)
    assert it.judge(ADA, CAFE, 0) is LOOK  # uses up the mailbox's
    assert it.judge(ADA, "198.51.100.8", 0) is REFUSE
    assert it.judge(BOB, HOME, 0) is LOOK  # uses up the client's
    assert it.judge(BOB, HOME, 0) is REFUSE
    assert [it.judge(ADA, HOME, 0) for _ in range(5)] == [LOOK, LOOK, WAIT, WAIT, WAIT]


def test_an_owner_s_old_password_uses_up_nobody_else_s() -> None:
    it = guesses(pair=5, client=3, mailbox=3)
    it.judge(ADA, HOME, 0)
    it.right(ADA, HOME, 0)
    for _ in range(50):
        it.judge(ADA, HOME, 0)
    assert it.judge(BOB, HOME, 0) is LOOK
    assert it.judge(ADA, CAFE, 0) is LOOK


def test_without_limits_nothing_is_counted() -> None:
    it = guesses()
    assert {it.judge(ADA, CAFE, 0) for _ in range(1000)} == {LOOK}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 100)), max_size=200))
def test_in_any_order_no_more_are_looked_at_than_there_may_be(tried: list[tuple[int, int, int]]) -> None:
    it, looked, now = guesses(pair=3, client=5, mailbox=5), 0, 0.0
    for mailbox, client, later in tried:
        now += later / 100
        verdict = it.judge(f"{mailbox}@contoso.test", f"192.0.2.{client}", now)
        looked += verdict is LOOK
        assert verdict is not WAIT
    # Four clients with five each at most, and what has come back meanwhile.
    assert looked <= 4 * 5 + 4 * 5 * now / 3600 + 1


def test_memory_has_a_bound() -> None:
    buckets: Buckets[int] = Buckets(5)
    for number in range(MOST + 100):
        buckets.take(number, 0)
    assert len(buckets) == MOST
    assert buckets.left(0, 0) == 5
    assert buckets.left(MOST + 99, 0) == 4


def test_there_is_never_more_than_a_full_bucket_and_never_less_than_nothing() -> None:
    buckets: Buckets[str] = Buckets(2)
    buckets.take("a", 0, -1)
    assert buckets.left("a", 0) == 2
    for _ in range(5):
        buckets.take("a", 0)
    assert buckets.left("a", 0) == 0


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1::5", "2001:db8:0:1::/64"),
        ("2001:DB8:0:1:ffff::", "2001:db8:0:1::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_a_client_is_an_address_or_a_network_of_a_household(address: str, client: str) -> None:
    assert client_of(address) == client
