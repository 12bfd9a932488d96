"""Questions as they come in and go out: the organiser's form, bodies of the API."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from app.kernel.forms import REQUIRED
from app.kernel.i18n import LOCALES, N_, _
from ticketing.sales.enums import QuestionKind
from ticketing.sales.queries_questions import QuestionInfo

LONGEST_CHOICE = 120
MOST_CHOICES = 30
TOO_FEW_CHOICES = N_("Please write at least two answers to choose from, one in each line.")
TOO_MANY_CHOICES = N_("Please write at most {limit} answers to choose from.")
CHOICE_TOO_LONG = N_("An answer to choose from has at most {limit} characters.")
CHOICE_TWICE = N_("“{choice}” stands here twice.")
OTHER_COUNT = N_("Please write as many lines as in Vietnamese, in the same order, or none.")

Wording = Annotated[str, msgspec.Meta(max_length=300)]
Lines = Annotated[str, msgspec.Meta(max_length=4000)]
Place = Annotated[int, msgspec.Meta(ge=0, le=9999)]
Choice = Annotated[dict[str, Annotated[str, msgspec.Meta(max_length=LONGEST_CHOICE)]], msgspec.Meta(max_length=3)]
#: The number of something in the database.
Row = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class QuestionForm(msgspec.Struct):
    """A question as an organiser writes it; the answers to choose from stand one in each line."""

    kind: QuestionKind
    wording_vi: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    wording_id: Wording = ""
    wording_en: Wording = ""
    choices_vi: Lines = ""
    choices_id: Lines = ""
    choices_en: Lines = ""
    ticket_types: list[Row] = []
    position: Place | None = None
    required: bool = False
    active: bool = False


class QuestionRequest(msgspec.Struct):
    """A question through the API: texts by language, Vietnamese always; ``ticket_types`` are the types' codes."""

    kind: QuestionKind
    wording: Annotated[dict[str, Wording], msgspec.Meta(max_length=3)]
    choices: Annotated[list[Choice], msgspec.Meta(max_length=MOST_CHOICES)] = []
    ticket_types: Annotated[list[Annotated[str, msgspec.Meta(max_length=30)]], msgspec.Meta(max_length=200)] = []
    position: Place | None = None
    required: bool = False
    active: bool = True


class QuestionDTO(msgspec.Struct):
    """A question of an edition; ``ticket_types`` are the codes of the types that it is asked for, in their order."""

    id: int
    kind: QuestionKind
    wording: dict[str, str]
    choices: list[dict[str, str]]
    ticket_types: list[str]
    position: int
    required: bool
    active: bool

    @classmethod
    def of(cls, question: QuestionInfo, codes: Mapping[int, str]) -> "QuestionDTO":
        """The question with its types' codes."""
        return cls(
            id=question.id,
            kind=question.kind,
            wording=dict(question.wording),
            choices=[dict(choice) for choice in question.choices],
            ticket_types=[codes[type_id] for type_id in question.types],
            position=question.position,
            required=question.required,
            active=question.active,
        )


class AskedDTO(msgspec.Struct):
    """A question that is asked with a ticket: to be answered under ``id``, a choice by its Vietnamese text."""

    id: int
    kind: QuestionKind
    wording: dict[str, str]
    choices: list[dict[str, str]]
    required: bool

    @classmethod
    def of(cls, question: QuestionInfo) -> "AskedDTO":
        """What has to be known to answer it."""
        return cls(
            id=question.id,
            kind=question.kind,
            wording=dict(question.wording),
            choices=[dict(choice) for choice in question.choices],
            required=question.required,
        )


def lines_of(text: str) -> list[str]:
    """The lines of a text that hold something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def choices_of(lines: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Answers to choose from, by language, from a list for each language."""
    others = [(code, lines[code]) for code in LOCALES if code != "vi" and lines.get(code)]
    return [
        {"vi": choice, **{code: texts[place] for code, texts in others}} for place, choice in enumerate(lines["vi"])
    ]


def wrong_choices(lines: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What is wrong with answers to choose from, a sentence for each language where something is."""
    wrong: dict[str, str] = {}
    for code, texts in lines.items():
        twice = next((choice for place, choice in enumerate(texts) if choice in texts[:place]), None)
        if any(len(choice) > LONGEST_CHOICE for choice in texts):
            wrong[code] = _(CHOICE_TOO_LONG).format(limit=LONGEST_CHOICE)
        elif twice is not None:
            wrong[code] = _(CHOICE_TWICE).format(choice=twice)
        elif len(texts) > MOST_CHOICES:
            wrong[code] = _(TOO_MANY_CHOICES).format(limit=MOST_CHOICES)
        elif code == "vi" and len(texts) < 2:
            wrong[code] = _(TOO_FEW_CHOICES)
        elif code != "vi" and texts and len(texts) != len(lines["vi"]):
            wrong[code] = _(OTHER_COUNT)
    return wrong


def wrong_request(data: QuestionRequest) -> dict[str, str]:
    """What is wrong with a question that came through the API, by field."""
    wrong: dict[str, Any] = {}
    if not data.wording.get("vi", "").strip() or set(data.wording) - set(LOCALES):
        wrong["wording"] = _(REQUIRED)
    if data.kind is QuestionKind.CHOICE:
        lines = {code: [choice.get(code, "").strip() for choice in data.choices] for code in LOCALES}
        lines = {code: texts if code == "vi" or any(texts) else [] for code, texts in lines.items()}
        if not all(lines["vi"]):
            wrong["choices"] = _(TOO_FEW_CHOICES)
        elif any("" in texts for texts in lines.values()):
            wrong["choices"] = _(OTHER_COUNT)
        elif found := wrong_choices(lines):
            wrong["choices"] = next(iter(found.values()))
    return wrong
