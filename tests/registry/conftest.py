from tests.settlement.conftest import as_superuser, shared_database  # noqa: F401 - fixtures.
