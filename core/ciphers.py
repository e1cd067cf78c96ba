"""Authenticated encryption of private fields at rest, and keyed hashes to find them by.

A stored value is `key id:base64(nonce + ciphertext + tag)`. FIELD_KEYS holds the keys, `id:base64` of 32 bytes for
AES-256-GCM or of 16 bytes for SM4-GCM (GB/T 32907); the first one writes, all of them read, so that keys and
ciphers can be changed while the system runs (`manage.py rotate_keys`).
"""

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12
TAG_BYTES = 16


class SM4GCM:
    """SM4 in Galois/counter mode, used like `AESGCM`: the tag stands at the end."""

    def __init__(self, key: bytes):
        self._cipher = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        made = Cipher(self._cipher, modes.GCM(nonce)).encryptor()
        made.authenticate_additional_data(associated)
        return made.update(data) + made.finalize() + made.tag

    def decrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        read = Cipher(self._cipher, modes.GCM(nonce, data[-TAG_BYTES:])).decryptor()
        read.authenticate_additional_data(associated)
        return read.update(data[:-TAG_BYTES]) + read.finalize()


CIPHERS = {32: AESGCM, 16: SM4GCM}  # by the length of the key in bytes


@lru_cache(maxsize=4)
def _keys(text: str) -> dict[str, AESGCM | SM4GCM]:
    keys = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, colon, encoded = part.partition(":")
        if not colon:  # what stands there may be the key: it is not told
            raise ImproperlyConfigured("FIELD_KEYS: a key has no id, expected id:base64-of-32-bytes.")
        try:
            secret = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ImproperlyConfigured(f"FIELD_KEYS: key {name!r} is not base64.") from error
        if len(secret) not in CIPHERS:
            raise ImproperlyConfigured(
                f"FIELD_KEYS: key {name!r} has {len(secret)} bytes, expected 32 (AES-256-GCM) or 16 (SM4-GCM)."
            )
        keys[name] = CIPHERS[len(secret)](secret)
    if not keys:
        raise ImproperlyConfigured("FIELD_KEYS holds no key: expected id:base64-of-32-bytes.")
    return keys


def writing_key() -> str:
    """The id of the key that new values are written with."""
    return next(iter(_keys(settings.FIELD_KEYS)))


def encrypt(clear: str) -> str:
    """The stored form of `clear`; an empty string stays empty."""
    if not clear:
        return ""
    keys = _keys(settings.FIELD_KEYS)
    name, key = next(iter(keys.items()))
    nonce = os.urandom(NONCE_BYTES)
    return f"{name}:{base64.b64encode(nonce + key.encrypt(nonce, clear.encode(), name.encode())).decode()}"


def decrypt(stored: str) -> str:
    """The clear text. Raises ValueError for an unknown key or a value that was tampered with."""
    if not stored:
        return ""
    name, _, encoded = stored.partition(":")
    key = _keys(settings.FIELD_KEYS).get(name)
    if key is None:
        raise ValueError(f"No key {name!r} in FIELD_KEYS.")
    raw = base64.b64decode(encoded)
    try:
        return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], name.encode()).decode()
    except InvalidTag as error:
        raise ValueError("An encrypted value does not match its key or was changed.") from error


def keyed_hash(clear: str) -> str:
    """A hash to search an encrypted value by: 64 hex digits, useless without HASH_KEY."""
    return _keyed_hash(settings.HASH_KEY, clear)


def keyed_hashes(clear: str) -> list[str]:
    """By what a stored value is found: one hash, two while HASH_KEY is renewed."""
    return [_keyed_hash(key, clear) for key in _hash_keys()]


def _keyed_hash(key, clear):
    return hmac.new(key.encode(), clear.encode(), hashlib.sha256).hexdigest() if clear else ""


def _hash_keys() -> list[str]:
    return [key for key in (settings.HASH_KEY, settings.HASH_KEY_OLD) if key]


@lru_cache(maxsize=8)
def _hmac(key: str, kind: str):
    return hmac.new(key.encode(), f"{kind}:".encode(), hashlib.sha256)


def tag(kind: str, clear: str) -> str:
    """A short keyed hash (128 bits, 22 characters) of a value of one kind: the same digits as another kind of value
    give another tag. Empty for an empty value."""
    return _tag(settings.HASH_KEY, kind, clear)


def tags(kind: str, clear: str) -> list[str]:
    """By what a stored value is found: one tag, two while HASH_KEY is renewed."""
    return [_tag(key, kind, clear) for key in _hash_keys()]


def _tag(key, kind, clear):
    if not clear:
        return ""
    made = _hmac(key, kind).copy()
    made.update(clear.encode())
    return base64.urlsafe_b64encode(made.digest()[:16]).decode()[:22]


def mask(value: str, head: int, tail: int) -> str:
    """`13812348000` with (3, 4) → `138****8000`."""
    if len(value) <= head + tail:
        return "*" * len(value)
    return value[:head] + "*" * (len(value) - head - tail) + value[len(value) - tail :]


def mask_phone(value: str) -> str:
    """138****8000"""
    return mask(value, 3, 4)


def mask_id_number(value: str) -> str:
    """110105********002X"""
    return mask(value, 6, 4)
