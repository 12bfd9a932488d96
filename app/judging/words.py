"""Words for states, and the tone of their badge."""

from app.judging.enums import (
    AsideReason,
    AssignmentState,
    ContestState,
    EntryState,
    MemberRole,
    PanelRole,
    RoundState,
)
from app.kernel.i18n import N_

CONTEST_STATES = {
    ContestState.DRAFT: (N_("Being set up"), "plain"),
    ContestState.OPEN: (N_("Call open"), "done"),
    ContestState.CLOSED: (N_("Call closed"), "info"),
}
ROUND_STATES = {
    RoundState.DRAFT: (N_("Being set up"), "plain"),
    RoundState.OPEN: (N_("Being judged"), "wait"),
    RoundState.LOCKED: (N_("Sealed"), "info"),
    RoundState.PUBLISHED: (N_("Published"), "done"),
}
ENTRY_STATES = {
    EntryState.DRAFT: (N_("Draft"), "plain"),
    EntryState.SUBMITTED: (N_("Sent in"), "done"),
    EntryState.WITHDRAWN: (N_("Taken back"), "refused"),
}
ASSIGNMENT_STATES = {
    AssignmentState.ASSIGNED: (N_("To score"), "wait"),
    AssignmentState.SCORED: (N_("Scored"), "done"),
    AssignmentState.RECUSED: (N_("Stepped back"), "refused"),
    AssignmentState.REMOVED: (N_("Taken away"), "plain"),
}
MEMBER_ROLES = {MemberRole.LEADER: N_("Leader"), MemberRole.MEMBER: N_("Team member")}
PANEL_ROLES = {PanelRole.JUDGE: N_("Judge"), PanelRole.CHAIR: N_("Jury chair")}
ASIDE_REASONS = {
    AsideReason.LATE: N_("It came after the round had closed."),
    AsideReason.CONFLICT: N_("Another tablet of the same judge had saved first."),
    AsideReason.OFF_PANEL: N_("The judge had stepped back or was taken off the idea."),
}
