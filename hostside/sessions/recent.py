"""The guesses of the last hour at all front ends, in the order in which they were heard of here; in memory."""

from __future__ import annotations

from dataclasses import dataclass

from .guesses import HOUR, MOST


@dataclass(frozen=True, slots=True)
class Guess:
    """A wrong password. Its name is ``origin``, the run of the program that saw it, and ``count``, which one it was."""

    origin: str
    count: int
    at: float  # on this host's clock, a monotonic one
    mailbox: str
    client: str


class Recent:
    """A ring: what is older than an hour, or more than ``most``, is gone. Each guess is in it once."""

    def __init__(self, most: int = MOST) -> None:
        """Nothing has been guessed yet."""
        self._most = most
        self._ring: list[Guess] = []
        self._names: set[tuple[str, int]] = set()
        self._end = 0  # how many there have ever been
        self._forgotten = float("-inf")  # when the last of those was that had to make room

    def add(self, guess: Guess, now: float) -> bool:
        """Take one in; says whether it is news."""
        name = (guess.origin, guess.count)
        # Of those that had to make room it is not known any more which they were, so none from before them is news.
        if name in self._names or guess.at <= max(now - HOUR, self._forgotten):
            return False
        if len(self._ring) < self._most:
            self._ring.append(guess)
        else:
            place = self._end % self._most
            former, self._ring[place] = self._ring[place], guess
            self._names.discard((former.origin, former.count))
            self._forgotten = max(self._forgotten, former.at)
        self._names.add(name)
        self._end += 1
        return True

    def after(self, place: int, most: int, now: float) -> tuple[list[Guess], int]:
        """So many of those from a place on, the first is 0, and the place after them."""
        begin = max(place, self._end - len(self._ring))
        end = min(begin + most, self._end)
        found = (self._ring[number % self._most] for number in range(begin, end))
        return [each for each in found if each.at > now - HOUR], end
