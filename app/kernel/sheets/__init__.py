"""Sheets: reading what organisers upload, checking it, loading all or nothing, and writing exports."""

from app.kernel.sheets.checking import (
    Examined,
    Laying,
    SheetKind,
    examine,
    kind,
    kind_at,
    kinds,
    kinds_at,
    register_kind,
)
from app.kernel.sheets.columns import Column
from app.kernel.sheets.model import (
    CellProblem,
    LoadResult,
    RawRow,
    RawTable,
    Refused,
    SheetContext,
    SheetRow,
)
from app.kernel.sheets.parsers import CellError
from app.kernel.sheets.read import read_table, read_tables
from app.kernel.sheets.write import Cell, stream_xlsx, template_xlsx, write_csv, write_xlsx

__all__ = [
    "Cell",
    "CellError",
    "CellProblem",
    "Column",
    "Examined",
    "Laying",
    "LoadResult",
    "RawRow",
    "RawTable",
    "Refused",
    "SheetContext",
    "SheetKind",
    "SheetRow",
    "examine",
    "kind",
    "kind_at",
    "kinds",
    "kinds_at",
    "read_table",
    "read_tables",
    "register_kind",
    "stream_xlsx",
    "template_xlsx",
    "write_csv",
    "write_xlsx",
]
