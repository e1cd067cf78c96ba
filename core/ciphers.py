"""Authenticated encryption of private fields at rest, and keyed hashes to find them by.

A stored value is `key id:base64(nonce + ciphertext + tag)` (AES-256-GCM). FIELD_KEYS holds the keys; the first one
writes, all of them read, so that keys can be changed while the system runs.
"""

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12


@lru_cache(maxsize=4)
def _keys(text: str) -> dict[str, AESGCM]:
    keys = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, encoded = part.partition(":")
        try:
            secret = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ImproperlyConfigured(f"FIELD_KEYS: key {name!r} is not base64.") from error
        if len(secret) != 32:
            raise ImproperlyConfigured(f"FIELD_KEYS: key {name!r} has {len(secret)} bytes, expected 32.")
        keys[name] = AESGCM(secret)
    if not keys:
        raise ImproperlyConfigured("FIELD_KEYS holds no key: expected id:base64-of-32-bytes.")
    return keys


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
    return hmac.new(settings.HASH_KEY.encode(), clear.encode(), hashlib.sha256).hexdigest() if clear else ""


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
