"""What the API takes and gives of sheets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar.datastructures import UploadFile
from msgspec import Meta

from app.kernel.enums import BatchState
from app.kernel.i18n import _
from app.kernel.sheets import apart, kept
from app.kernel.sheets.checking import SheetKind
from app.kernel.sheets.proposals import proposals_of
from app.kernel.tables import ImportBatch


class SheetUpload(msgspec.Struct, kw_only=True):
    """A sheet to be checked: of which kind it is, and the file, XLSX, XLS, ODS or CSV."""

    kind: Annotated[str, Meta(max_length=40)]
    file: UploadFile


class ColumnChoice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Header of the sheet → name of a column of its kind; a header that is left out is not read.

    With ``worksheet`` that one of the file is read, its headers are recognised, and ``columns`` does not count.
    """

    columns: Annotated[dict[str, str], Meta(max_length=200)] = msgspec.field(default_factory=dict)
    worksheet: Annotated[str, Meta(max_length=255)] = ""


class CellChoice(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a cell becomes: its row, the name of its column, and one of the options or what is written."""

    row: Annotated[int, Meta(ge=1, le=2_000_000)]
    name: Annotated[str, Meta(max_length=40)]
    value: Annotated[str, Meta(max_length=400)]


class CellChoices(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Choices for cells; those that were made before stay."""

    cells: Annotated[list[CellChoice], Meta(max_length=500)]


@dataclass(frozen=True, kw_only=True)
class SheetColumnDTO:
    """A column of a kind of sheet; ``label`` is its header in the reader's language."""

    name: str
    label: str
    required: bool


@dataclass(frozen=True, kw_only=True)
class SheetKindDTO:
    """A kind of sheet that can be loaded."""

    name: str
    title: str
    columns: list[SheetColumnDTO]

    @classmethod
    def of(cls, kind: SheetKind) -> "SheetKindDTO":
        """The kind as the API shows it."""
        columns = [SheetColumnDTO(name=one.name, label=one.label(), required=one.required) for one in kind.columns]
        return cls(name=kind.name, title=_(kind.title), columns=columns)


@dataclass(frozen=True, kw_only=True)
class SheetDTO:
    """An uploaded sheet in a list; ``problem_count`` counts the cells that cannot be taken."""

    id: int
    kind: str
    filename: str
    state: BatchState
    row_count: int
    problem_count: int
    created_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "SheetDTO":
        """The sheet as the API shows it."""
        return cls(**{**row, "state": BatchState(row["state"])})


@dataclass(frozen=True, kw_only=True)
class SheetListDTO:
    """A stretch of the uploaded sheets; ``total`` counts all that fit."""

    items: list[SheetDTO]
    total: int
    page: int


@dataclass(frozen=True, kw_only=True)
class SheetProblemDTO:
    """A cell that cannot be taken: where it stands, what it holds, and why."""

    row: int
    column: str
    header: str
    value: str
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class SheetProposalDTO:
    """A cell of which something else is loaded than it holds, ``becomes``, and why.

    Where that is null one of ``options``, or what is ``written``, has to be chosen before the sheet can be loaded.
    """

    row: int
    column: str
    header: str
    value: str
    name: str
    written: str
    message: str
    becomes: str | None
    options: list[str]


@dataclass(frozen=True, kw_only=True)
class SheetResultDTO:
    """How many records a sheet made, changed, and found as they were."""

    created: int
    updated: int
    unchanged: int


@dataclass(frozen=True, kw_only=True)
class SheetDetailDTO(SheetDTO):
    """A sheet: how its headers are read, its first 500 problems and proposals, and, once loaded, what came of it.

    ``failure`` says why a big one could not be read or loaded. ``worksheet`` is the one that was read, empty while that
    is to be chosen among ``other_worksheets``, which are those of the file that were not.
    """

    columns: dict[str, str]
    problems: list[SheetProblemDTO]
    proposals: list[SheetProposalDTO]
    proposal_count: int
    result: SheetResultDTO | None
    failure: str
    worksheet: str
    other_worksheets: list[str]

    @classmethod
    def of_batch(cls, batch: ImportBatch) -> "SheetDetailDTO":
        """The sheet as the API shows it."""
        problems: list[dict[str, Any]] = [*kept.problems_of(batch)]
        result = kept.result_of(batch)
        worksheet, others = kept.worksheets_of(batch)
        return cls(
            id=batch.id,
            kind=batch.kind,
            filename=batch.filename,
            state=BatchState(batch.state),
            row_count=batch.row_count,
            problem_count=batch.problem_count,
            created_at=batch.created_at,
            columns=kept.mapping_of(batch),
            problems=[SheetProblemDTO(**problem) for problem in problems],
            proposals=[SheetProposalDTO(**proposal) for proposal in proposals_of(batch)],
            proposal_count=batch.proposal_count,
            result=SheetResultDTO(**result) if result else None,
            failure=apart.failure_of(batch),
            worksheet=worksheet,
            other_worksheets=others,
        )
