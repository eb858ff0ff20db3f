"""The workbench (工作台): what waits, what is under way, key figures, announcements."""

from typing import Any

from accounts import queries
from accounts.rules import Actor, WorkItemView
from accounts.web.pages import Page
from accounts.web.work import title_of


class Workbench(Page):
    """The first page each role sees. Figures and cases come from the rooms' queries, each linked to its list."""

    template_name = "accounts/workbench.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        items = queries.work_items_for(self.actor, at=self.at)
        return super().get_context_data(**kwargs, items=[_shown(item, self.actor) for item in items])


def _shown(item: WorkItemView, actor: Actor) -> dict[str, Any]:
    return {
        "view": item,
        "url": item.url,
        "text": title_of(item),
        "overdue_days": -item.days_left if item.is_overdue and item.days_left is not None else 0,
        "is_free": item.claimed_by_id is None,
        "is_mine": item.claimed_by_id == actor.user_id,
    }
