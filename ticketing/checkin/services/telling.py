"""What came of a scan, in the words of who asked: gate phones of every age, and the check-in API."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.events.passes.naming import names_of_labels, read_label
from app.kernel.i18n import _, pick
from ticketing.checkin.enums import NO_PASS, OLDER_WORDS, REASONS, Outcome, Reason, Verdict
from ticketing.checkin.queries import GateRule
from ticketing.checkin.redeem import Answer, Presented
from ticketing.checkin.rules import hours_told
from ticketing.checkin.schemas import CheckinAnswer, GateQuestion, RedeemAnswer
from ticketing.sales.queries_questions import QuestionInfo

OTHER_DAYS = {Verdict.NOT_VALID_YET, Verdict.EXPIRED}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of a scan. ``previous_gate`` is the name of the gate where its pass was used before, ``questions`` are
    those that have to be answered before it is let in.
    """

    presented: Presented
    rule: GateRule
    answer: Answer
    previous_gate: str | None
    questions: Sequence[QuestionInfo] = ()


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A scan that could not be taken over, and the code of the error that says why."""

    client_id: str
    error: str


async def told_to_gate(judged: Judgement | NotTaken) -> RedeemAnswer:
    """The answer to a gate phone, which may be older than some verdicts."""
    if isinstance(judged, NotTaken):
        return RedeemAnswer(client_id=judged.client_id, verdict=Verdict.UNKNOWN.value, error=judged.error)
    presented, answer = judged.presented, judged.answer
    verdict = Verdict(answer.verdict)
    of_other_days, note = _days_and_note(judged)
    return RedeemAnswer(
        client_id=presented.client_id,
        verdict=OLDER_WORDS.get(verdict, verdict).value,
        label=await label_of(judged),
        reason=verdict.value if verdict in OLDER_WORDS else answer.reason,
        previous_at=answer.previous_at,
        previous_gate=judged.previous_gate,
        valid_from=answer.valid_from if of_other_days else None,
        valid_until=answer.valid_until if of_other_days else None,
        note=note,
        questions=[GateQuestion.of(question) for question in judged.questions],
        replayed=answer.replayed,
    )


async def told_to_api(judged: Judgement | NotTaken) -> CheckinAnswer:
    """The answer in the words of the check-in API."""
    if isinstance(judged, NotTaken):
        return CheckinAnswer(nonce=judged.client_id, outcome=Outcome.REFUSED, reason=Reason.UNKNOWN, error=judged.error)
    answer = judged.answer
    admitted = answer.verdict in (Verdict.ADMITTED, Verdict.LEFT)
    of_other_days, note = _days_and_note(judged)
    return CheckinAnswer(
        nonce=judged.presented.client_id,
        outcome=Outcome.ADMITTED if admitted else Outcome.REFUSED,
        reason=None if admitted else reason_of(Verdict(answer.reason or answer.verdict)),
        label=await label_of(judged),
        previous_at=answer.previous_at,
        previous_gate=judged.previous_gate,
        valid_from=answer.valid_from if of_other_days else None,
        valid_until=answer.valid_until if of_other_days else None,
        note=note,
        questions=[GateQuestion.of(question) for question in judged.questions],
        conflict=answer.verdict == Verdict.LATE_CONFLICT,
        replayed=answer.replayed,
    )


def reason_of(verdict: Verdict) -> Reason:
    """What a refusal is called in the check-in API; what is none is ``unknown`` there."""
    if verdict in REASONS:
        return REASONS[verdict]
    return Reason(verdict.value) if verdict.value in set(Reason) else Reason.UNKNOWN


async def label_of(judged: Judgement) -> str | None:
    """The name of the ticket type of a pass, in the language of who asks."""
    if judged.answer.label is None or judged.answer.verdict in NO_PASS:
        return None
    return read_label(judged.answer.label, await names_of_labels(judged.rule.edition_id))


def full_told(rule: GateRule) -> str:
    """Why a list that is full lets nobody in."""
    return _("%(list)s is full: wait until somebody has left.") % {"list": rule.list_name}


def other_types_told(rule: GateRule) -> str:
    """Why a list does not take a pass of a ticket type that it does not name."""
    return _("%(list)s takes other ticket types.") % {"list": rule.list_name}


def _days_and_note(judged: Judgement) -> tuple[bool, str | None]:
    """Whether the days of the pass stand against it, and what is to be shown beside the verdict."""
    presented, answer, rule = judged.presented, judged.answer, judged.rule
    of_other_days = bool(OTHER_DAYS & {answer.verdict, answer.reason})
    if presented.refused_by_list in OTHER_DAYS & {answer.verdict, answer.reason} and _holds(
        answer, presented.judged_at
    ):  # the pass counts at that time: it is the list that does not
        return False, f"{rule.list_name}: {hours_told(rule.rules, rule.timezone)}"
    if answer.verdict == Verdict.FULL:
        return False, full_told(rule)
    if answer.verdict == Verdict.WRONG_TYPE:
        return False, other_types_told(rule)
    if answer.verdict == Verdict.QUESTION_REQUIRED:
        return False, _("%(list)s asks a question first.") % {"list": rule.list_name}
    return of_other_days, (pick(rule.rules.note) or None) if answer.verdict == Verdict.ADMITTED else None


def _holds(answer: Answer, at: datetime) -> bool:
    return bool(answer.valid_from and answer.valid_until and answer.valid_from <= at < answer.valid_until)
