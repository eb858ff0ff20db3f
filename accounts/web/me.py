"""One's own page: roles, organisations, the latest sign-ins."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts import queries
from accounts.web.pages import Page
from accounts.web.people import grant_shown

OUTCOMES = {
    "succeeded": _("signed in"),
    "failed": _("wrong password"),
    "locked": _("refused, locked"),
    "signed_out": _("signed out"),
    "confirmed": _("password confirmed"),
}


class MePage(Page):
    """What the platform knows of the person who reads it."""

    template_name = "accounts/me.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user_id = self.actor.user_id
        assert user_id is not None
        grants = queries.grants_of(self.actor, user_id)
        return super().get_context_data(
            **kwargs,
            person=queries.user_to_sign_in(user_id),
            grants=[grant_shown(grant, self.at) for grant in grants],
            sign_ins=[(attempt, gettext(OUTCOMES[attempt.outcome])) for attempt in queries.own_sign_ins(self.actor)],
        )
