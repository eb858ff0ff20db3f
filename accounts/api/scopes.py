"""Which scopes the token endpoint knows, and which one client may ask for."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from oauth2_provider.scopes import BaseScopes

from accounts import queries
from accounts.rules import SCOPES


class RoomScopes(BaseScopes):
    """A client may ask for its own scopes, and gets all of them when it asks for none."""

    def get_all_scopes(self) -> dict[str, str]:
        return {name: gettext(text) for name, text in SCOPES.items()}

    def get_available_scopes(
        self, application: Any = None, request: HttpRequest | None = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return queries.scopes_of_application(application.pk) if application is not None else []

    def get_default_scopes(
        self, application: Any = None, request: HttpRequest | None = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return self.get_available_scopes(application, request)
