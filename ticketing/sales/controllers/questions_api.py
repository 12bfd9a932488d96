"""The JSON API of questions, for whoever sells tickets."""

from typing import Any

from litestar import Controller, Request, delete, get, post, put
from litestar.params import FromPath, JSONBody

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.queries import edition_by_id
from app.kernel.clock import now
from app.kernel.errors import Invalid
from app.kernel.i18n import LOCALES
from ticketing.sales.errors import UnknownTicketType
from ticketing.sales.queries import ids_by_code
from ticketing.sales.queries_questions import questions_of
from ticketing.sales.schemas_questions import QuestionDTO, QuestionRequest, wrong_request
from ticketing.sales.services import questions


class QuestionsApi(Controller):
    """``/api/v1/manage/{edition_id}/questions``."""

    path = "/api/v1/manage/{edition_id:int}/questions"
    guards = [requires(Role.MANAGER)]
    tags = ["Tickets"]

    @get("/", summary="What is asked with tickets")
    async def list_all(self, edition_id: FromPath[int]) -> list[QuestionDTO]:
        """All questions of an edition in their order, those that are switched off too."""
        await edition_by_id(edition_id)
        codes = await _codes(edition_id)
        return [QuestionDTO.of(question, codes) for question in await questions_of(edition_id)]

    @post("/", summary="Add a question")
    async def create(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], data: JSONBody[QuestionRequest]
    ) -> QuestionDTO:
        """Without a ``position`` it comes last. Errors: ``invalid``, ``unknown_ticket_type``, ``edition_cancelled``."""
        values = await _values(edition_id, data)
        made = await questions.create_question(edition_id=edition_id, values=values, actor=request.user, now=now())
        return await _shown(made, edition_id)

    @put("/{question_id:int}", summary="Change a question")
    async def change(
        self,
        request: Request[Actor, Any, Any],
        edition_id: FromPath[int],
        question_id: FromPath[int],
        data: JSONBody[QuestionRequest],
    ) -> QuestionDTO:
        """What was answered stays as it was. Errors: ``unknown_question``, ``question_kind_stays``, ``invalid``,
        ``unknown_ticket_type``, ``edition_cancelled``."""
        values = await _values(edition_id, data)
        await questions.update_question(
            question_id=question_id, edition_id=edition_id, values=values, actor=request.user, now=now()
        )
        return await _shown(question_id, edition_id)

    @delete("/{question_id:int}", summary="Delete a question that nobody answered")
    async def remove(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], question_id: FromPath[int]
    ) -> None:
        """Errors: ``unknown_question``, ``question_answered``, ``question_asked``, ``edition_cancelled``."""
        await questions.delete_question(question_id=question_id, edition_id=edition_id, actor=request.user, now=now())


async def _codes(edition_id: int) -> dict[int, str]:
    return {type_id: code for code, type_id in (await ids_by_code(edition_id)).items()}


async def _shown(question_id: int, edition_id: int) -> QuestionDTO:
    return QuestionDTO.of(await questions.question_of(question_id, edition_id), await _codes(edition_id))


async def _values(edition_id: int, data: QuestionRequest) -> questions.QuestionValues:
    """What the request says. Raises EditionNotFound, Invalid, UnknownTicketType."""
    await edition_by_id(edition_id)
    if wrong := wrong_request(data):
        raise Invalid(fields=wrong)
    codes = await ids_by_code(edition_id)
    if set(data.ticket_types) - set(codes):
        raise UnknownTicketType
    return questions.QuestionValues(
        kind=data.kind,
        wording={code: text.strip() for code, text in data.wording.items() if text.strip()},
        choices=[{code: choice[code].strip() for code in LOCALES if choice.get(code)} for choice in data.choices],
        types=[codes[code] for code in data.ticket_types],
        required=data.required,
        active=data.active,
        position=data.position,
    )
