"""What can be wrong with an uploaded sheet as a whole, and with its batch."""

from app.kernel.errors import AppError
from app.kernel.i18n import N_


class NotASheet(AppError):
    """The bytes are neither XLSX nor XLS, ODS or CSV."""

    code = "not_a_sheet"
    status = 422
    message = N_("This file is no sheet that can be read. Save it as .xlsx or .csv and upload it again.")


class SheetEncrypted(AppError):
    """The workbook asks for a password."""

    code = "sheet_encrypted"
    status = 422
    message = N_("This workbook is protected by a password. Save it without one and upload it again.")


class SheetTooLarge(AppError):
    """More bytes, rows or columns than one upload may have."""

    code = "sheet_too_large"
    status = 413
    message = N_(
        "This sheet is too large: at most {megabytes} MB, {rows} rows and {columns} columns. "
        "Delete what stands outside the table, or split it."
    )

    def __init__(self) -> None:
        from app.kernel.sheets.limits import MAX_BYTES, MAX_COLUMNS, MAX_ROWS

        super().__init__(megabytes=MAX_BYTES // 2**20, rows=MAX_ROWS, columns=MAX_COLUMNS)


class SheetEmpty(AppError):
    """No row stands below the headers."""

    code = "sheet_empty"
    status = 422
    message = N_("This sheet has no rows below its headers.")


class WorksheetUnknown(AppError):
    """The file has no worksheet of this name, or one without rows."""

    code = "worksheet_unknown"
    status = 422
    message = N_("This file has no worksheet “{name}” with rows. It has: {known}.")


class SheetKindUnknown(AppError):
    """No module takes this kind of sheet."""

    code = "sheet_kind_unknown"
    status = 404
    message = N_("There is no sheet of the kind “{kind}”. Known are: {known}.")


class MappingUnknown(AppError):
    """The mapping made by hand names a column that this kind lacks, or one column twice."""

    code = "sheet_mapping_invalid"
    status = 422
    message = N_("Each column can be chosen once: look at “{column}” again.")


class ChoiceUnknown(AppError):
    """What was chosen for a cell is none of what it can be."""

    code = "sheet_choice_invalid"
    status = 422
    message = N_("Row {row}: please choose one of the list.")


class BatchUnknown(AppError):
    """No such upload."""

    code = "batch_unknown"
    status = 404
    message = N_("This upload does not exist any more. Upload the sheet again.")


class BatchHasProblems(AppError):
    """Rows with problems are never loaded."""

    code = "batch_has_problems"
    status = 409
    message = N_("Nothing was loaded: {count} cells need another look. Correct the sheet and upload it again.")


class BatchDiscarded(AppError):
    """The upload was discarded."""

    code = "batch_discarded"
    status = 409
    message = N_("This upload was discarded. Upload the sheet again.")
