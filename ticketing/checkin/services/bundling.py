"""What a phone is told of its list, so that it can judge by its rules alone."""

from app.kernel.i18n import pick
from ticketing.checkin.queries import GateRule
from ticketing.checkin.rules import hours_told
from ticketing.checkin.schemas import ListRulesAnswer


def rules_told(rule: GateRule) -> ListRulesAnswer:
    """The rules of a gate's list that hang on the moment alone, in words of who asks where they are words."""
    rules = rule.rules
    return ListRulesAnswer(
        opens_at=rules.opens_at,
        closes_at=rules.closes_at,
        day=rules.day,
        opens_daily=rules.opens_daily,
        closes_daily=rules.closes_daily,
        told=hours_told(rules, rule.timezone),
        note=pick(rules.note),
    )
