"""What the registry decides: plain functions without Django, clock or database."""
