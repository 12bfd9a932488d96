"""The organiser's pages of questions: what is asked of whoever a ticket is for."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromPath

from app.accounts.actor import Actor
from app.accounts.enums import Role
from app.accounts.guards import requires
from app.events.pages import download, form_again, stretch, with_query
from app.events.queries import EditionInfo, edition_by_id
from app.kernel.clock import now
from app.kernel.editing import held, open_edit
from app.kernel.forms import Form, FormError
from app.kernel.i18n import LOCALES, _, pick
from app.kernel.names import search_text
from app.kernel.sheets import write_xlsx
from app.kernel.web import page, redirect
from ticketing.sales import queries
from ticketing.sales.enums import QUESTION_KIND_NAMES, QuestionKind
from ticketing.sales.errors import QuestionKindStays
from ticketing.sales.queries_questions import QuestionInfo, is_answered, questions_of
from ticketing.sales.schemas_questions import QuestionForm, choices_of, lines_of, wrong_choices
from ticketing.sales.services import questions
from ticketing.sales.slots_questions import lists_that_ask


class QuestionController(Controller):
    """``/manage/{id}/tickets/questions``: what is asked, and for which ticket types."""

    path = "/manage/{edition_id:int}/tickets/questions"
    guards = [requires(Role.MANAGER)]
    include_in_schema = False

    @get("/")
    async def list_all(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[str]:
        """All questions in their order."""
        edition = await edition_by_id(edition_id)
        search = request.query_params.get("q", "")
        shown, pager = stretch(request, await _found(edition_id, search))
        return page(
            "sales/manage_questions.html",
            edition=edition,
            questions=shown,
            pager=pager,
            q=search,
            export=with_query(request, f"/manage/{edition_id}/tickets/questions/export.xlsx"),
        )

    @get("/export.xlsx")
    async def export(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[bytes]:
        """The list as a sheet."""
        edition = await edition_by_id(edition_id)
        headers = [_("Question"), _("Kind of answer"), _("Ticket types"), _("An answer is needed"), _("Is asked")]
        rows = [
            [
                pick(row["question"].wording),
                row["kind"],
                ", ".join(row["type_names"]),
                row["question"].required,
                row["question"].active,
            ]
            for row in await _found(edition_id, request.query_params.get("q", ""))
        ]
        content = write_xlsx(_("Questions"), headers, rows, timezone=edition.timezone)
        return download(content, f"questions-{edition.slug}.xlsx")

    @get("/new")
    async def new(self, edition_id: FromPath[int]) -> Response[str]:
        """An empty form."""
        form = Form.empty(kind=QuestionKind.TEXT, active="on")
        return await _question_page(await edition_by_id(edition_id), form, None)

    @post("/new")
    async def create(self, request: Request[Actor, Any, Any], edition_id: FromPath[int]) -> Response[Any]:
        """Add a question."""
        return await _save(request, await edition_by_id(edition_id), None)

    @get("/{question_id:int}")
    async def edit(self, edition_id: FromPath[int], question_id: FromPath[int]) -> Response[str]:
        """The form with what is there."""
        question = await questions.question_of(question_id, edition_id)
        return await _question_page(await edition_by_id(edition_id), _form_of(question), question)

    @post("/{question_id:int}")
    async def update(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], question_id: FromPath[int]
    ) -> Response[Any]:
        """Change a question."""
        question = await questions.question_of(question_id, edition_id)
        return await _save(request, await edition_by_id(edition_id), question)

    @post("/{question_id:int}/delete")
    async def delete(
        self, request: Request[Actor, Any, Any], edition_id: FromPath[int], question_id: FromPath[int]
    ) -> Response[Any]:
        """Delete a question that nobody answered."""
        await questions.delete_question(question_id=question_id, edition_id=edition_id, actor=request.user, now=now())
        return redirect(f"/manage/{edition_id}/tickets/questions", toast=_("The question was deleted."))


async def _found(edition_id: int, search: str) -> list[dict[str, Any]]:
    """Questions in which, or in the names of whose ticket types, every word stands."""
    words = search_text(search).split()
    names = {row["id"]: pick(row["name"]) for row in await queries.ticket_types_of(edition_id)}
    found: list[dict[str, Any]] = []
    for question in await questions_of(edition_id):
        type_names = [names[type_id] for type_id in question.types]
        if all(word in search_text(*question.wording.values(), *type_names) for word in words):
            kind = _(QUESTION_KIND_NAMES[question.kind])
            found.append({"id": question.id, "question": question, "kind": kind, "type_names": type_names})
    return found


def _form_of(question: QuestionInfo) -> Form:
    lines = {code: "\n".join(choice.get(code, "") for choice in question.choices).strip() for code in LOCALES}
    return Form.of(
        kind=question.kind,
        **{f"wording_{code}": question.wording.get(code, "") for code in LOCALES},
        **{f"choices_{code}": text for code, text in lines.items()},
        ticket_types=list(question.types),
        position=question.position,
        required=question.required,
        active=question.active,
    )


async def _question_page(
    edition: EditionInfo, form: Form, question: QuestionInfo | None, *, status: int = 200
) -> Response[str]:
    answered = question is not None and await is_answered(question.id)
    return page(
        "sales/manage_question.html",
        status=status,
        edition=edition,
        form=form,
        question=question,
        kinds=[(kind.value, _(name)) for kind, name in QUESTION_KIND_NAMES.items()],
        types=[(row["id"], pick(row["name"])) for row in await queries.ticket_types_of(edition.id)],
        answered=answered,
        lists=await lists_that_ask(edition.id, question.id) if question else [],
    )


async def _save(
    request: Request[Actor, Any, Any], edition: EditionInfo, question: QuestionInfo | None
) -> Response[Any]:
    """Read the form and keep it, or show it again."""
    try:
        if question is None:
            values = await _values(request, None)
            await questions.create_question(edition_id=edition.id, values=values, actor=request.user, now=now())
        else:
            async with held("edition", edition.id), held("ticket_question", question.id):
                values = await _values(request, await questions.question_of(question.id, edition.id))
                await questions.update_question(
                    question_id=question.id, edition_id=edition.id, values=values, actor=request.user, now=now()
                )
    except FormError as error:
        return await _question_page(edition, error.form, question, status=error.status)
    except QuestionKindStays as error:
        form = await form_again(request, {"kind": error.sentence()})
        return await _question_page(edition, form, question, status=error.status)
    return redirect(f"/manage/{edition.id}/tickets/questions", toast=_("Saved."))


async def _values(request: Request[Actor, Any, Any], question: QuestionInfo | None) -> questions.QuestionValues:
    """What was typed. Raises FormError."""
    reading = await open_edit(
        request,
        QuestionForm,
        record=_form_of(question) if question else None,
        subject=("question", question.id) if question else None,
    )
    typed = reading.values
    lines = {code: lines_of(getattr(typed, f"choices_{code}")) for code in LOCALES}
    is_choice = typed.kind is QuestionKind.CHOICE
    for code, sentence in (wrong_choices(lines) if is_choice else {}).items():
        reading.refuse(f"choices_{code}", sentence)
    form = reading.settle()
    return questions.QuestionValues(
        kind=form.kind,
        wording={code: text for code in LOCALES if (text := getattr(form, f"wording_{code}"))},
        choices=choices_of(lines) if is_choice else (),
        types=form.ticket_types,
        required=form.required,
        active=form.active,
        position=form.position,
    )
