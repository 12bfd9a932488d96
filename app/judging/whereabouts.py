"""Where an idea stands, in words for its team: what happens now and what is due. Pure, no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.judging.enums import EntryState, RoundState
from app.judging.queries.contests import ContestRow, RoundRow
from app.judging.queries.entries import EntryRow
from app.kernel.i18n import N_, _, format_datetime, pick


@dataclass(frozen=True)
class Whereabouts:
    """``word`` and ``tone`` make the badge; ``sentence`` says what is due; ``stage`` counts steps from 0."""

    word: str
    tone: str
    sentence: str
    stage: int


STEPS = (N_("Draft"), N_("Sent in"), N_("With the jury"), N_("Result"))


def locate(
    entry: EntryRow,
    contest: ContestRow,
    rounds: Sequence[RoundRow],
    taking_part: Sequence[int],
    now: datetime,
    *,
    prizes: Sequence[str] = (),
) -> Whereabouts:
    """Where an idea stands. ``rounds`` are all of the contest's, ``taking_part`` the numbers the idea came to,
    ``prizes`` the names of its published awards.

    That an idea goes on to a round is not told before the round it comes from is published.
    """
    if entry.state == EntryState.WITHDRAWN:
        return Whereabouts(_("Taken back"), "plain", _("Your team has taken this idea back."), 0)
    until = format_datetime(contest.entries_close_at, contest.timezone) if contest.entries_close_at else ""
    taking_ideas = contest.takes_ideas(now)
    if entry.state == EntryState.DRAFT:
        if not taking_ideas:
            return Whereabouts(_("Draft"), "plain", _("The call has ended, and this idea was not sent in."), 0)
        due = _("Send it in by {time}.").format(time=until) if until else _("Send it in when it is ready.")
        return Whereabouts(_("Draft"), "wait", due, 0)
    by_number = {round_.number: round_ for round_ in rounds}
    told = [
        number for number in sorted(taking_part) if number == 1 or by_number[number - 1].state == RoundState.PUBLISHED
    ]
    if not told:
        if taking_ideas and until:
            sentence = _("You can change it until {time}.").format(time=until)
        elif taking_ideas:
            sentence = _("You can change it until the call ends.")
        else:
            sentence = _("The jury begins soon.")
        return Whereabouts(_("Sent in"), "done", sentence, 1)
    return _in_round(by_number[told[-1]], contest, rounds, prizes)


def _in_round(current: RoundRow, contest: ContestRow, rounds: Sequence[RoundRow], prizes: Sequence[str]) -> Whereabouts:
    name = pick(current.name)
    if current.state == RoundState.PUBLISHED and prizes:
        won = _("{round} is over. Your idea has won: {prize}.").format(round=name, prize=", ".join(prizes))
        return Whereabouts(prizes[0], "brand", won, 3)
    if current.state == RoundState.PUBLISHED:
        last = current.number == max(round_.number for round_ in rounds)
        sentence = (
            _("The contest is over. Thank you for your idea.")
            if last
            else _("{round} is over. Your idea does not go on from here.").format(round=name)
        )
        return Whereabouts(_("Result"), "brand", sentence, 3)
    if current.state == RoundState.LOCKED:
        return Whereabouts(
            _("With the jury"),
            "info",
            _("{round}: the jury has finished and the result comes soon.").format(round=name),
            2,
        )
    if current.state == RoundState.DRAFT:
        return Whereabouts(
            _("Goes on"), "done", _("Your idea goes on: {round}. The jury begins soon.").format(round=name), 2
        )
    if current.closes_at:
        sentence = _("{round}: the jury reads your idea until {time}.").format(
            round=name, time=format_datetime(current.closes_at, contest.timezone)
        )
    else:
        sentence = _("{round}: the jury is reading your idea.").format(round=name)
    return Whereabouts(_("With the jury"), "info", sentence, 2)
