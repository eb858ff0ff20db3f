"""How passwords are kept in the demonstration: they stand on its sign-in page, so nobody waits for their hashing."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class DemonstrationHasher(PBKDF2PasswordHasher):
    """Django's own method with few rounds: five dozen people are registered while a visitor waits."""

    iterations = 20_000
