"""The base of the REST API, and accounts' own endpoints."""
