"""Records for tests of surveillance, and the rule values that the product ships."""

from datetime import date, datetime, timedelta
from types import SimpleNamespace

from exchange.rules import Profile, Side
from exchange.rules.surveillance import Act, Disclosure, Market, OrderMoment, Traded, TradeMoment, Watched
from rulebook.rules import BEIJING
from rulebook.services.shipped import shipped_rules

DAY = date(2026, 3, 2)
TEN = datetime(2026, 3, 2, 10, tzinfo=BEIJING)
CLOSE = TEN.replace(hour=15)
BASE = 2500


def profile(**changes):
    """Return the shipped rule values of surveillance, some changed; None: not in force."""
    values = {rule.key: rule.value for rule in shipped_rules() if rule.key.startswith("surveillance.")}
    values |= {f"surveillance.{name}": value for name, value in changes.items()}
    return Profile({key: SimpleNamespace(value=value) for key, value in values.items() if value is not None})


def number_of(group):
    """Return the organisation of a group, which here has one."""
    return ord(group)


def trade(number, buyer, seller, quantity, price=BASE, *, at=TEN, day=DAY, taker=Side.BUY):
    """Return a trade between two groups, named by a letter each."""
    return Traded(
        number,
        day,
        at,
        2 * number,
        2 * number + 1,
        number_of(buyer),
        number_of(seller),
        buyer,
        seller,
        taker,
        price,
        quantity,
    )


def act(number, group, what, quantity, price=BASE, *, at=TEN, side=Side.BUY, standing=0, last=BASE):
    """Return something done with the order of that number. standing: tonnes of its side before it."""
    bids, asks = (standing, 0) if side is Side.BUY else (0, standing)
    return OrderMoment(
        number, at, what, number, number_of(group), group, side, price, quantity, Market(last, None, None, bids, asks)
    )


def placed(number, group, quantity, price=BASE, **more):
    return act(number, group, Act.PLACED, quantity, price, **more)


def day_of(*moments, earlier=(), disclosures=(), base=BASE, closes_at=CLOSE):
    """Return a day with these moments; trades come as they are."""
    dressed = [TradeMoment(one.id, one.at, one, Market(base)) if isinstance(one, Traded) else one for one in moments]
    days = [DAY - timedelta(days=back) for back in range(40, -1, -1)]
    return Watched(
        dressed,
        list(earlier),
        [Disclosure(name, at) for name, at in disclosures],
        days,
        base,
        closes_at,
    )
