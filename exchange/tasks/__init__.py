"""The exchange's jobs. A task is a nudge, the accepted rows are the queue: each is right when run late or twice."""

from exchange.tasks.matching import match, sweep_matching, wake
from exchange.tasks.surveillance import watch_closed_days

__all__ = ["match", "sweep_matching", "wake", "watch_closed_days"]
