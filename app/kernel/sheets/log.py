"""What loading a sheet is called in the log."""

from app.kernel.audit_words import Field, LogWords, Subject, names_in
from app.kernel.i18n import N_, _
from app.kernel.sheets.checking import kinds
from app.kernel.tables import ImportBatch


def _title(name: str) -> str:
    """The kind of a sheet in the reader's language."""
    return next((_(one.title) for one in kinds() if one.name == name), name)


WORDS = LogWords(
    actions={"sheet.load": N_("Loaded a sheet")},
    subjects={
        "import_batch": Subject(
            name=N_("Sheet"),
            find=names_in(ImportBatch, ImportBatch.filename),
            fields={
                "kind": Field(N_("Kind"), show=_title),
                "filename": Field(N_("File")),
                "digest": Field(""),
            },
        ),
    },
)
