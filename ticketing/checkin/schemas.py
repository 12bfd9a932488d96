"""What comes in and goes out: bodies of the gate's API, forms of the organiser's pages."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar.datastructures import UploadFile

from app.events.schemas import Clock
from app.kernel.i18n import pick
from ticketing.checkin.enums import Outcome, Reason, Settlement, Verdict, Way
from ticketing.checkin.rules import ListRules
from ticketing.sales.enums import QuestionKind
from ticketing.sales.queries_questions import QuestionInfo

MOST_IN_ONE_BATCH = 200
MOST_HANDED_IN = 1000
#: Scans in a phone's file: far more than one phone makes in a week.
MOST_IN_A_FILE = 20_000
#: Bytes of a request; a whole batch of the longest codes is two thirds of it.
LONGEST_BODY = 1_000_000

ClientId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Note = Annotated[str, msgspec.Meta(max_length=120)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Reply = Annotated[str, msgspec.Meta(max_length=400)]


Replies = Annotated[dict[str, Reply], msgspec.Meta(max_length=20)]


class RedeemRequest(msgspec.Struct):
    """One scan, sent at once. ``client_id`` is made by the device: the same one sent again gets the first answer.

    ``way`` is ``out`` for somebody who leaves, where the list counts exits. ``by_name`` marks who was found by name and
    showed no code; only phones that may search say that. ``answers`` are those to the questions that came with the
    refusal of an earlier scan, by their keys.
    """

    client_id: ClientId
    code: Code
    device_at: Instant | None = None
    way: Way = Way.IN
    by_name: bool = False
    answers: Replies = {}


class QueuedScan(msgspec.Struct):
    """One scan that was made while offline, with what the phone showed for it. ``device_at`` is its corrected time,
    ``device_clock`` what its own clock said.

    ``list`` and ``gate`` are the ids of those that the phone scanned for at that moment, as its bundle named them; left
    out, they are those that it scans for now. ``device`` is the id of the phone that made it, where another
    hands it in.
    """

    client_id: ClientId
    code: Code
    device_at: Instant
    shown: Verdict
    way: Way = Way.IN
    list: int | None = None
    gate: int | None = None
    device_clock: Instant | None = None
    device: int | None = None
    answers: Replies = {}


class ScansRequest(msgspec.Struct):
    """The queue of a phone that is online again."""

    scans: Annotated[list[QueuedScan], msgspec.Meta(max_length=MOST_IN_ONE_BATCH)]


class GateChoice(msgspec.Struct):
    """An answer to choose: ``value`` is to be sent, ``text`` is what it is called in the language of who asks."""

    value: str
    text: str


class GateQuestion(msgspec.Struct):
    """A question to be put to whoever holds a pass; its answer goes under ``key``.

    One that is not ``required`` may be answered with an empty text. A ``consent`` is answered with ``yes`` or ``no``.
    """

    key: str
    kind: QuestionKind
    text: str
    required: bool
    choices: list[GateChoice]

    @classmethod
    def of(cls, question: QuestionInfo) -> "GateQuestion":
        """The question in the language of who asks."""
        choices = [GateChoice(value, text) for value, text in question.options]
        return cls(str(question.id), question.kind, pick(question.wording), question.required, choices)


class RedeemAnswer(msgspec.Struct, omit_defaults=True):
    """The verdict on a scan; ``previous_at`` and ``previous_gate`` say when and where the pass was used before.

    A pass refused for its day (``not_valid_yet``, ``expired``) comes with what it holds for: from ``valid_from`` until
    before ``valid_until``; where it is the list that takes nobody then, ``note`` says when it does. To an admission the
    note is what the list wants shown. In a batch ``error`` is the code of what kept a scan from being taken over: it is
    not stored, and its verdict is ``unknown``. ``reason`` says what stands against a scan that has to be settled
    (``late_conflict``), and ``blocked`` of a pass that is refused (``revoked``) until somebody at the desk lifts that.
    ``questions`` are to be answered first (``question_required``); then the pass is scanned again, under another id.
    """

    client_id: str
    verdict: str
    label: str | None = None
    reason: str | None = None
    previous_at: datetime | None = None
    previous_gate: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    note: str | None = None
    questions: list[GateQuestion] = []
    replayed: bool = False
    error: str | None = None


class ScansAnswer(msgspec.Struct):
    """An answer for each scan, in the order in which they came."""

    answers: list[RedeemAnswer]


class ListRulesAnswer(msgspec.Struct):
    """The rules of a list, as ``rules.py`` reads them.

    ``told`` says in the language of who asks when the list takes people, and ``note`` what it wants shown with whom it
    lets in; empty for nothing. ``full`` and ``other_types`` say why it does not let somebody in.
    """

    opens_at: datetime | None
    closes_at: datetime | None
    day: date | None
    opens_daily: str | None
    closes_daily: str | None
    told: str
    note: str
    ticket_types: list[int]
    once: bool
    entries_a_day: int | None
    again_after: int | None
    capacity: int | None
    full: str
    other_types: str


class PassesAnswer(msgspec.Struct):
    """What a list knows of the passes of its edition: of all (``whole``), or what is new since the phone asked last.

    ``since`` is what to ask with next. ``sorts`` are names and numbers of ticket types, and ``sort_of`` is a byte in
    Base64 for each serial from ``sorts_from`` on, the place of its sort (255: none). ``refused`` are rising serials in
    Base64, each as a number of 7 bits a byte by which it is greater than the one before, by what is said of them: all
    of them, or none where they are as they were. ``gates`` are names. ``standings`` are in Base64, for each pass, by
    how much its serial is greater than the last (twice that; where it is smaller, twice that less one) in 7 bits a
    byte, and 8 bytes: when it came in last (milliseconds since 2020 in 40 bits, low byte first; 0: never), how often on
    that day with 128 for being inside, how often ever (255 and more are one), and the place of the gate (255: none).
    """

    since: str
    whole: bool
    sorts: list[tuple[str, int | None]]
    sorts_from: int
    sort_of: str
    refused: dict[str, str] | None
    gates: list[str]
    standings: str


class BundleAnswer(msgspec.Struct, omit_defaults=True):
    """What a phone needs to judge passes without a network.

    ``public_keys`` are 32 bytes in hexadecimal by key id; ``key_shifts`` says for some of them how many minutes later
    than it says a code counts that they signed (the edition was postponed since); ``pass_kinds`` empty takes every
    kind; ``revoked`` are the serials of passes of the edition that count no more, or not now, and ``blocked`` those of
    them that are blocked only; ``label_of`` is a byte in Base64 for each serial from 1, the place of its ticket type's
    name in ``labels`` (255: none; the names are in the language of who asks); ``list_exits`` says that people are
    scanned out, too; ``list_rules`` say when the list takes people and how often. Who asks with ``since`` gets
    ``passes``, and ``revoked``, ``blocked``, ``labels`` and ``label_of`` empty.
    """

    server_time: datetime
    edition_id: int
    edition: str
    timezone: str
    gate_id: int
    gate: str
    list_id: int
    list_name: str
    list_active: bool
    list_exits: bool
    pass_kinds: list[str]
    public_keys: dict[str, str]
    key_shifts: dict[str, int]
    revoked: list[int]
    blocked: list[int]
    labels: list[str]
    label_of: str
    list_rules: ListRulesAnswer | None = None
    passes: PassesAnswer | None = None


class StatusAnswer(msgspec.Struct):
    """How it stands: the server's clock and how many are inside on the gate's list.

    ``device`` is the phone's own id, and ``may_search`` whether it may search for people by name.
    """

    server_time: datetime
    inside: int
    admitted: int
    list_active: bool
    device: int
    may_search: bool


class ListForm(msgspec.Struct):
    """A check-in list as a gate lead writes it."""

    name: Name
    pass_kinds: list[str] = []
    active: bool = False
    exits: bool = False
    area: Annotated[str, msgspec.Meta(max_length=40)] = ""
    day: date | None = None
    opens_daily: Clock | None = None
    closes_daily: Clock | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    ticket_types: list[int] = []
    questions: Annotated[list[int], msgspec.Meta(max_length=20)] = []
    once: bool = False
    entries_a_day: Annotated[int, msgspec.Meta(ge=1, le=99)] | None = None
    again_after: Annotated[int, msgspec.Meta(ge=1, le=1440)] | None = None
    capacity: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    note_vi: Note = ""
    note_id: Note = ""
    note_en: Note = ""

    @property
    def rules(self) -> ListRules:
        """What the form says of times, area and note, of ticket types, and of how often and how many."""
        note = {"vi": self.note_vi, "id": self.note_id, "en": self.note_en}
        return ListRules(
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            day=self.day,
            opens_daily=self.opens_daily,
            closes_daily=self.closes_daily,
            area=self.area,
            note={code: text for code, text in note.items() if text},
            ticket_types=tuple(sorted(set(self.ticket_types))),
            once=self.once,
            entries_a_day=self.entries_a_day,
            again_after=self.again_after,
            capacity=self.capacity,
            questions=tuple(sorted(set(self.questions))),
        )


class GateForm(msgspec.Struct):
    """A gate as a gate lead writes it."""

    name: Name
    check_in_list: int
    hall: int | None = None


class DeviceForm(msgspec.Struct):
    """A phone to be paired."""

    label: Name
    gate: int
    may_search: bool = False


class SearchForm(msgspec.Struct):
    """Whether a phone may search by name."""

    may_search: bool = False


class SettleForm(msgspec.Struct):
    """How a late conflict is settled."""

    settlement: Settlement


class CheckinRequest(msgspec.Struct):
    """One scan. ``nonce`` is made by the device: the same one sent again gets the same answer.

    ``list`` is the id of the check-in list, ``direction`` is ``out`` for somebody who leaves a list that counts exits,
    and ``answers`` are those to the list's questions, by their keys. A list that asks refuses a ticket without them
    (``question_required``) and says what it asks: send the scan again with answers, under another nonce.
    """

    nonce: ClientId
    code: Code
    list: int
    direction: Way = Way.IN
    device_at: Instant | None = None
    answers: Replies = {}


class HandedIn(msgspec.Struct):
    """One scan that a device made alone, at ``device_at`` by its corrected clock; its own clock said ``device_clock``.

    ``outcome`` says whether it let somebody in, and ``reason`` why it did not. ``gate`` is the id of the gate that it
    scanned at; left out, it is the device's.
    """

    nonce: ClientId
    code: Code
    list: int
    device_at: Instant
    direction: Way = Way.IN
    outcome: Outcome = Outcome.ADMITTED
    reason: Reason | None = None
    gate: int | None = None
    answers: Replies = {}
    device_clock: Instant | None = None


class UndoRequest(msgspec.Struct):
    """A scan to be taken back, by its ``nonce`` (``client_id`` of a gate phone)."""

    nonce: ClientId


class UndoAnswer(msgspec.Struct):
    """That a scan was taken back, and when; ``replayed`` where that had been done before."""

    nonce: str
    undone_at: datetime
    replayed: bool = False


class OverrideForm(msgspec.Struct):
    """Why a gate lead lets somebody in who was refused."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class CheckinScans(msgspec.Struct):
    """Scans that are handed in together, in any order."""

    scans: Annotated[list[HandedIn], msgspec.Meta(max_length=MOST_HANDED_IN)]


class CheckinAnswer(msgspec.Struct, omit_defaults=True):
    """What came of a scan: ``admitted``, which of an exit means that it counts, or ``refused`` for a reason.

    ``previous_at`` and ``previous_gate`` say when and where the pass was used before (``already_admitted``),
    ``valid_from`` and ``valid_until`` when it counts (``too_early``, ``too_late``), where it is the pass that does not;
    ``note`` is to be shown, ``questions`` are to be answered first (``question_required``). ``conflict``: the device
    let somebody in whom the service refuses, and a gate lead settles that. In a batch ``error`` is the code of what
    kept a scan from being taken over: it is not stored.
    """

    nonce: str
    outcome: Outcome
    reason: Reason | None = None
    label: str | None = None
    previous_at: datetime | None = None
    previous_gate: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    note: str | None = None
    questions: list[GateQuestion] = []
    conflict: bool = False
    replayed: bool = False
    error: str | None = None


class CheckinAnswers(msgspec.Struct):
    """An answer for each scan, in the order in which they came."""

    answers: list[CheckinAnswer]


class SearchRequest(msgspec.Struct):
    """A name, or words of one. It is sent in the body, so that no log of addresses holds names."""

    name: Annotated[str, msgspec.Meta(min_length=2, max_length=100)]


class FoundPass(msgspec.Struct):
    """A pass that was found by the name of its holder; ``code`` is its short code, by which it is let in.

    ``inside`` is whether its holder is inside the phone's list.
    """

    name: str
    type: str
    code: str
    inside: bool


class SearchAnswer(msgspec.Struct):
    """Who was found, by name; ``more`` says that there are others whom a further word of the name would tell apart."""

    passes: list[FoundPass]
    more: bool


class HandedOver(msgspec.Struct):
    """The file of a phone that could not send its scans: which phone of which edition, and the scans."""

    device: int
    edition: int
    scans: Annotated[list[QueuedScan], msgspec.Meta(max_length=MOST_IN_A_FILE)]


class HandedOverForm(msgspec.Struct):
    """The file as a gate lead uploads it."""

    file: UploadFile
