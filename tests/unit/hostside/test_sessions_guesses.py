from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostside.sessions.guesses import (
    ANSWERED,
    LOOK,
    MOST,
    OFFICE,
    REFUSE,
    SESSIONS,
    SLOW,
    SLOWEST,
    Buckets,
    Guesses,
    GuessLimits,
    UnderWay,
    client_of,
)

ADA, BOB = "ada@contoso.test", "bob@contoso.test"
HOME, CAFE = "192.0.2.1", "198.51.100.7"


class Remembered(set[tuple[str, str]]):
    """Who has signed in from where, in memory."""

    def has(self, mailbox: str, client: str) -> bool:
        return (mailbox, client) in self

    def add(self, mailbox: str, client: str) -> None:  # type: ignore[override]
        super().add((mailbox, client))


def guesses(pair: int | None = None, client: int | None = None, mailbox: int | None = None) -> Guesses:
    return Guesses(GuessLimits(pair, client, mailbox), Remembered())


def guessed(it: Guesses, mailbox: str, address: str, now: float = 0) -> int:
    """What became of a wrong password, one that Dovecot then said so of."""
    status = it.judge(mailbox, address, now)
    if status != REFUSE:
        it.wrong(mailbox, address, now)
    return status


def signed_in(it: Guesses, mailbox: str, address: str, now: float = 0) -> None:
    assert it.judge(mailbox, address, now) == LOOK
    it.right(mailbox, address)


def test_one_client_guesses_so_often_for_one_mailbox() -> None:
    it = guesses(pair=3)
    assert [guessed(it, ADA, CAFE) for _ in range(5)] == [LOOK, LOOK, LOOK, REFUSE, REFUSE]
    assert guessed(it, BOB, CAFE) == LOOK
    assert guessed(it, ADA, HOME) == LOOK


def test_one_client_guesses_so_often_for_all_mailboxes() -> None:
    it = guesses(client=3)
    assert [guessed(it, f"{n}@contoso.test", CAFE) for n in range(5)] == [LOOK, LOOK, LOOK, REFUSE, REFUSE]
    assert guessed(it, ADA, HOME) == LOOK


def test_many_clients_guess_so_often_for_one_mailbox() -> None:
    it = guesses(mailbox=3)
    assert [guessed(it, ADA, f"192.0.2.{n}") for n in range(5)] == [LOOK, LOOK, LOOK, REFUSE, REFUSE]
    assert guessed(it, BOB, "192.0.2.9") == LOOK


@pytest.mark.parametrize("kind", ["pair", "client", "mailbox"])
def test_an_hour_fills_what_was_used_up_bit_by_bit(kind: str) -> None:
    it = guesses(**{kind: 6})
    assert [guessed(it, ADA, CAFE) for _ in range(7)] == [LOOK] * 6 + [REFUSE]
    assert guessed(it, ADA, CAFE, 599) == REFUSE
    assert [guessed(it, ADA, CAFE, 601) for _ in range(2)] == [LOOK, REFUSE]
    assert [guessed(it, ADA, CAFE, 86_400) for _ in range(7)] == [LOOK] * 6 + [REFUSE]


def test_a_right_password_uses_up_nothing() -> None:
    it = guesses(pair=2, client=2, mailbox=2)
    for _ in range(20):
        signed_in(it, ADA, HOME)


def test_all_who_come_back_at_once_are_looked_at() -> None:
    it = guesses(pair=10, client=100, mailbox=100)
    users = [f"{number}@contoso.test" for number in range(500)]
    assert {it.judge(user, CAFE, 0) for user in users for _ in range(2)} == {LOOK}
    for user in users:
        it.right(user, CAFE)
        it.right(user, CAFE)
    assert it.judge("another@contoso.test", CAFE, 0) == LOOK


@pytest.mark.parametrize(
    ("kind", "most"), [("pair", SESSIONS), ("client", OFFICE * 6), ("mailbox", 6)], ids=["pair", "client", "mailbox"]
)
def test_guesses_at_a_time_are_so_many_and_are_owed(kind: str, most: int) -> None:
    it = guesses(**{kind: 6})
    assert [it.judge(ADA, CAFE, 0) for _ in range(most + 2)] == [LOOK] * most + [REFUSE] * 2
    for _ in range(most):
        it.wrong(ADA, CAFE, 0)
    again = (most - 6 + 1) / 6 * 3600  # seconds until what was too many has come back, and one more
    assert guessed(it, ADA, CAFE, again - 1) == REFUSE
    assert [guessed(it, ADA, CAFE, again + 1) for _ in range(2)] == [LOOK, REFUSE]


def test_what_nobody_said_anything_about_is_under_way_no_longer() -> None:
    it = guesses(mailbox=1)
    assert [it.judge(ADA, CAFE, 0) for _ in range(2)] == [LOOK, REFUSE]
    assert it.judge(ADA, CAFE, ANSWERED - 1) == REFUSE
    assert it.judge(ADA, CAFE, ANSWERED) == LOOK


def test_a_newcomer_who_is_known_meanwhile_is_under_way_no_longer() -> None:
    it = guesses(client=1)
    for _ in range(OFFICE):
        assert it.judge(ADA, CAFE, 0) == LOOK
    assert it.judge(BOB, CAFE, 0) == REFUSE
    for _ in range(OFFICE):
        it.right(ADA, CAFE)
    assert [it.judge(BOB, CAFE, 0) for _ in range(OFFICE)] == [LOOK] * OFFICE


def test_whoever_was_there_before_is_slowed_down_and_never_refused() -> None:
    it = guesses(pair=2, client=1, mailbox=1)
    signed_in(it, ADA, HOME)
    assert guessed(it, ADA, CAFE) == LOOK  # uses up the mailbox's
    assert guessed(it, ADA, "198.51.100.8") == REFUSE
    assert guessed(it, BOB, HOME) == LOOK  # uses up the client's
    assert guessed(it, BOB, HOME) == REFUSE
    assert [guessed(it, ADA, HOME) for _ in range(5)] == [LOOK, LOOK, SLOW, SLOW, SLOW]


def test_whoever_is_slowed_down_queues_behind_those_before() -> None:
    it = guesses(pair=1)
    signed_in(it, ADA, HOME)
    guessed(it, ADA, HOME)
    assert [it.judge(ADA, HOME, 0) for _ in range(10)] == [4, 8, 12, 16, 20, 24, 28, 32, SLOWEST, SLOWEST]
    it.wrong(ADA, HOME, 0)
    assert it.judge(BOB, HOME, 0) == LOOK


def test_whoever_is_known_begins_no_more_at_a_time_than_others_without_waiting() -> None:
    it = guesses(pair=10)
    signed_in(it, ADA, HOME)
    assert [it.judge(ADA, HOME, 0) for _ in range(SESSIONS + 3)] == [LOOK] * SESSIONS + [4, 8, 12]


def test_an_owner_s_old_password_uses_up_nobody_else_s() -> None:
    it = guesses(pair=5, client=3, mailbox=3)
    signed_in(it, ADA, HOME)
    for _ in range(50):
        guessed(it, ADA, HOME)
    assert it.judge(BOB, HOME, 0) == LOOK
    assert it.judge(ADA, CAFE, 0) == LOOK


def test_without_limits_nothing_is_counted() -> None:
    it = guesses()
    assert {guessed(it, ADA, CAFE) for _ in range(1000)} == {LOOK}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 100)), max_size=200))
def test_in_any_order_no_more_are_looked_at_than_there_may_be(tried: list[tuple[int, int, int]]) -> None:
    it, looked, now = guesses(pair=3, client=5, mailbox=5), 0, 0.0
    for mailbox, client, later in tried:
        now += later / 100
        status = guessed(it, f"{mailbox}@contoso.test", f"192.0.2.{client}", now)
        looked += status == LOOK
        assert status in (LOOK, REFUSE)
    # Four clients with five each at most, and what has come back meanwhile.
    assert looked <= 4 * 5 + 4 * 5 * now / 3600 + 1


def test_memory_has_a_bound() -> None:
    buckets: Buckets[int] = Buckets(5)
    for number in range(MOST + 100):
        buckets.take(number, 0)
    assert len(buckets) == MOST
    assert buckets.left(0, 0) == 5
    assert buckets.left(MOST + 99, 0) == 4


def test_memory_of_what_is_under_way_has_a_bound() -> None:
    under_way: UnderWay[int] = UnderWay()
    for number in range(MOST + 100):
        under_way.begin(number, 0)
    assert [under_way.count(number, 0) for number in (0, 99, 100, MOST + 99)] == [0, 0, 1, 1]


@pytest.mark.parametrize("spare", [0, 20])
def test_there_is_never_more_than_a_full_bucket_and_never_less_than_may_be_owed(spare: int) -> None:
    buckets: Buckets[str] = Buckets(2, spare)
    assert buckets.left("a", 9 * 3600) == 2
    for _ in range(100):
        buckets.take("a", 0)
    assert buckets.left("a", 0) == -spare


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


def test_guesses_at_another_front_end_count_as_those_here_and_fill_up_from_when_they_were() -> None:
    it = guesses(pair=4)
    for at in (300, 300, 300, 2100):
        it.elsewhere(ADA, CAFE, at)
    # An hour fills four, so at 2100 three of them were left, and at 3000 it is three again.
    assert [guessed(it, ADA, CAFE, 3000) for _ in range(4)] == [LOOK, LOOK, LOOK, REFUSE]
    # One that is heard of late is owed on top of it.
    it.elsewhere(ADA, CAFE, 600)
    assert guessed(it, ADA, CAFE, 3901) == REFUSE
    assert guessed(it, ADA, CAFE, 4801) == LOOK


def test_what_was_looked_at_by_all_front_ends_at_once_is_owed() -> None:
    owed = []
    for front_ends in (1, 2):
        buckets: Buckets[str] = Buckets(10, SESSIONS, front_ends)
        for _ in range(99):
            buckets.take(CAFE, 0)
        owed.append(-buckets.left(CAFE, 0))
    assert owed == [SESSIONS, 2 * SESSIONS + 10]


def test_somebody_known_uses_up_what_is_theirs_wherever_they_guess() -> None:
    it = guesses(pair=2, client=2, mailbox=2)
    signed_in(it, ADA, HOME)
    for _ in range(5):
        it.elsewhere(ADA, HOME, 0)
    assert it.judge(ADA, HOME, 0) == SLOW
    assert it.judge(BOB, HOME, 0) == LOOK
    assert it.judge(ADA, CAFE, 0) == LOOK


@pytest.mark.parametrize("connections", [50, 1000])
def test_guesses_of_somebody_known_count_when_they_are_asked_about_and_none_of_them_is_refused(
    connections: int,
) -> None:
    """Each is in the queue before anything is known of those before it; who waits longest bounds the queue alone."""
    it = guesses(pair=10)
    signed_in(it, ADA, HOME)
    statuses = [it.judge(ADA, HOME, 0) for _ in range(connections)]
    assert statuses[: SESSIONS + 2] == [LOOK] * SESSIONS + [SLOW, 2 * SLOW]
    assert set(statuses[SESSIONS + SLOWEST // SLOW :]) == {SLOWEST}
