"""Sealing what must be read again and by nobody else, with the server's secret."""

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def seal_for(purpose: bytes, secret: str) -> Fernet:
    """What seals and opens for one purpose: nothing that was sealed for another is opened by it."""
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
