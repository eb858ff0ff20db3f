"""Which office a rule is of: the market's are the exchange's, all others the system administrators'."""

from accounts.rules.roles import Role

MARKET = ("trading", "matching", "surveillance")


def changer_of(key: str) -> Role:
    """Return the role whose people change a rule, two of them each time."""
    return Role.EXCHANGE_OPERATOR if key.partition(".")[0] in MARKET else Role.SYSTEM_ADMIN
