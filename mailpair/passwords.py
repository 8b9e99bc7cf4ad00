"""Making and hashing the passwords of mailboxes."""

from __future__ import annotations

import secrets

import argon2

# No letter or digit that is taken for another one when it is read aloud or copied by hand (32 symbols: 5 bits each).
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_LENGTH = 4, 5

# The parameters that the OWASP password storage cheat sheet gives for argon2id: 19 MiB, two passes, one lane. A check
# costs a front end some 15 ms and 19 MiB for that long; one is done at each login.
_HASHER = argon2.PasswordHasher(
    time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, salt_len=16, type=argon2.Type.ID
)


def generate() -> str:
    """A new random password of 100 bits, as four groups of five letters and digits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))


def make_hash(password: str) -> str:
    """The argon2id hash of a password with a fresh salt, in PHC form (``$argon2id$v=19$m=19456,t=2,p=1$...``)."""
    return _HASHER.hash(password)


def is_current(phc: str, password: str) -> bool:
    """Whether a hash is of this password and was made with the parameters of today."""
    try:
        _HASHER.verify(phc, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
    return not _HASHER.check_needs_rehash(phc)


def is_hash(text: str) -> bool:
    """Whether a text is an argon2id hash in PHC form, of whatever parameters."""
    try:
        return argon2.extract_parameters(text).type is argon2.Type.ID
    except argon2.exceptions.InvalidHashError:
        return False
