"""This room's jobs. A task is a nudge, the purchase's row is the truth: each is right when run late or twice."""

from inclusion.tasks.purchases import carry_on, sweep_purchases, wake

__all__ = ["carry_on", "sweep_purchases", "wake"]
