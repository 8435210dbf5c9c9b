"""What is kept of a secret: enough to know it again, too little to tell it."""

import hashlib


def hashed(secret: str) -> str:
    """The hash of a secret of 256 random bits, which needs no salt and no slowness."""
    return hashlib.sha256(secret.encode()).hexdigest()
