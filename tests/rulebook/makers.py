"""Rule values for tests."""

from rulebook.models import RuleValue


def a_rule(**described):
    """Return a new rule value of a scheme of the tests' own."""
    known = {"scheme": "test", "key": "trading.limit", "unit": "t", "basis_id": "platform-interim-rules"}
    return RuleValue.objects.create(**known | described)
