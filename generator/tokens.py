"""What stands for a card number and a device outside the generator?

A keyed hash (BLAKE2b with a key, RFC 7693; used as HMAC would be). Without the key a token says
nothing. The population has no card numbers: what is hashed is a number of its own. Recorded data
(:mod:`generator.recorded`) may have some, and hashes them as it reads.
"""

from __future__ import annotations

import hashlib
import os
from typing import Final

#: Environment variable that holds the key.
KEY_VARIABLE: Final = "PAYSTREAM_TOKEN_KEY"
#: The key of simulations. It protects nothing: nothing real is hashed with it.
SIMULATION_KEY: Final = "paystream-simulation"
#: Shortest key that may stand between a token and a real card number. A choice: 128 bits, as the
#: token itself; whoever has tokens and a list of numbers tries out all keys that are much shorter.
REAL_KEY_BYTES: Final = 16


def token_key() -> bytes:
    """The key from the environment, or the one of simulations.

    Raises
    ------
    ValueError
        If it is longer than the 64 bytes that BLAKE2b takes.
    """
    key = os.environ.get(KEY_VARIABLE, SIMULATION_KEY).encode()
    if not 1 <= len(key) <= 64:
        raise ValueError(f"{KEY_VARIABLE} has {len(key)} bytes; 1 to 64 are needed")
    return key


def protects(key: bytes) -> bool:
    """Whether a key is long enough, and not the one that everybody can read here.

    Examples
    --------
    >>> protects(b"x"), protects(SIMULATION_KEY.encode()), protects(bytes(range(16)))
    (False, False, True)
    """
    return len(key) >= REAL_KEY_BYTES and key != SIMULATION_KEY.encode()


def key_fingerprint(key: bytes) -> str:
    """Tells two keys apart without giving one away."""
    return hashlib.blake2b(b"fingerprint", key=key, digest_size=4).hexdigest()


def card_token(key: bytes, seed: int, card_number: int) -> str:
    """The token of a card: 32 hexadecimal digits."""
    message = b"card|%d|%d" % (seed, card_number)
    return hashlib.blake2b(message, key=key, digest_size=16).hexdigest()


def recorded_card_token(key: bytes, card: str) -> str:
    """The token of a card of recorded data: 32 hexadecimal digits."""
    return hashlib.blake2b(b"recorded card|" + card.encode(), key=key, digest_size=16).hexdigest()


def device_id(key: bytes, seed: int, owner: int, slot: int) -> str:
    """The id of a device: 16 hexadecimal digits. A negative owner is no card of the population."""
    message = b"device|%d|%d|%d" % (seed, owner, slot)
    return hashlib.blake2b(message, key=key, digest_size=8).hexdigest()
