"""Files of e-invoices: checked, stored under their hash in the media folder, one of each kind for a document."""

import asyncio
import hashlib
import os
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from app.accounts.actor import Actor
from app.kernel import audit
from app.kernel.database import hold_row, write_transaction
from app.kernel.settings import settings
from app.payments.enums_legal import LegalFileKind
from app.payments.errors_legal import LegalFileNotFound, LegalFileThere, LegalFileUnreadable
from app.payments.queries import document_by_id
from app.payments.tables_legal import LegalFile

MOST_BYTES = 5 * 1024 * 1024


def kind_of(content: bytes) -> LegalFileKind:
    """What file this is, by how it begins. Raises LegalFileUnreadable."""
    if len(content) > MOST_BYTES:
        raise LegalFileUnreadable
    start = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    if content.startswith(b"%PDF-"):
        return LegalFileKind.PDF
    if start.startswith((b"<?xml", b"<")) and not start.lower().startswith((b"<!doctype html", b"<html")):
        return LegalFileKind.XML
    raise LegalFileUnreadable


async def keep_legal_file(
    *, document_id: int, content: bytes, actor: Actor | None, now: datetime, replace: bool = False
) -> LegalFileKind:
    """Store a file of a document's e-invoice; ``actor`` None is the provider.

    One of its kind that is there is only replaced where that is said. Raises DocumentNotFound, LegalFileUnreadable,
    LegalFileThere.
    """
    kind = kind_of(content)
    document = await document_by_id(document_id)
    digest = hashlib.sha256(content).hexdigest()
    await asyncio.to_thread(_write, _path(digest), content)
    async with write_transaction():
        await hold_row("payment_document", document_id, alone=True)  # no two files of it are stored at once
        chosen = (LegalFile.document == document_id) & (LegalFile.kind == kind.value)
        before = await LegalFile.select(LegalFile.digest).where(chosen).first()
        if before is not None and before["digest"] == digest:
            return kind
        if before is not None and not replace:
            raise LegalFileThere(kind=kind.value.upper())
        row = LegalFile(
            document=document_id,
            kind=kind.value,
            digest=digest,
            size=len(content),
            stored_at=now,
            stored_by=actor.person_id if actor else None,
        )
        changed = [LegalFile.digest, LegalFile.size, LegalFile.stored_at, LegalFile.stored_by]
        await LegalFile.insert(row).on_conflict(
            target=(LegalFile.document, LegalFile.kind), action="DO UPDATE", values=changed
        )
        await audit.record(
            actor=actor,
            action="payment.legal_file",
            subject_type="payment_document",
            subject_id=document_id,
            edition_id=document.edition_id,
            before={"legal_file": kind.value} if before else None,
            after={"legal_file": kind.value},
            now=now,
        )
    return kind


async def legal_file(document_id: int, kind: LegalFileKind) -> bytes:
    """The stored file of a document's e-invoice. Raises LegalFileNotFound."""
    chosen = (LegalFile.document == document_id) & (LegalFile.kind == kind.value)
    row = await LegalFile.select(LegalFile.digest).where(chosen).first()
    if row is None:
        raise LegalFileNotFound
    try:
        return await asyncio.to_thread(_path(row["digest"]).read_bytes)
    except FileNotFoundError as error:
        raise LegalFileNotFound from error


def _path(digest: str) -> Path:
    """Where a file lies: in the folder that backups take, and not among the photos, which everybody is shown."""
    return settings().media_dir / "e-invoices" / digest[:2] / digest


def _write(path: Path, content: bytes) -> None:
    """Put a file in place in one step: a reader sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
