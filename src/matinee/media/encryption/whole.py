"""Whole segments: AES-128 in CBC mode with PKCS #7 padding (RFC 8216, 4.3.2.4)."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .model import BLOCK


def encrypt_segment(segment: bytes, key: bytes, index: int) -> bytes:
    """The segment; its number in the playlist is its initialization vector, as where no other is told."""
    encryptor = Cipher(algorithms.AES(key), modes.CBC(index.to_bytes(BLOCK))).encryptor()
    padding = BLOCK - len(segment) % BLOCK
    return encryptor.update(segment) + encryptor.update(bytes((padding,)) * padding) + encryptor.finalize()
