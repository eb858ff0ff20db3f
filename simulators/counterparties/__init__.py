"""Twelve organisations that trade through the public API: own process, own clients, every rule obeyed."""
