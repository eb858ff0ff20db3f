"""Reads of API clients."""

from accounts.errors import GrantNotThere
from accounts.models import ApiClient
from accounts.rules import Actor


def api_clients(actor: Actor) -> list[ApiClient]:
    """Return the clients the actor may read, open ones first, then by name."""
    rows = ApiClient.objects.visible_to(actor).select_related(
        "organisation", "application", "created_by", "approved_by"
    )
    return sorted(rows, key=lambda client: (client.closed_at is not None, client.name, client.pk))


def api_client(actor: Actor, api_client_id: int) -> ApiClient:
    """Return one client the actor may read. Raises GrantNotThere."""
    rows = ApiClient.objects.visible_to(actor).select_related(
        "organisation", "application", "created_by", "approved_by"
    )
    row = rows.filter(pk=api_client_id).first()
    if row is None:
        raise GrantNotThere
    return row
