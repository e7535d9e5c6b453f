"""Photos and labels of returns: taken in, and read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO
from uuid import UUID

from sqlalchemy.orm import Session

from app.config import key_ring
from app.db import current_scope
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.returns.files import storage
from app.returns.models import Return, ReturnFile, ShopperReturnFile
from app.returns.queries import return_file
from app.returns.rules import APPROVED, RECEIVED, REQUESTED
from app.returns.service.standing import locked
from app.suppliers.rules.papers import LARGEST, PDF, UnfitFile, media_type_of

#: Kind → the state in which it is added, and whose it is.
_WHEN = {"evidence": (REQUESTED, "retailer"), "label": (APPROVED, "supplier"), "inspection": (RECEIVED, "supplier")}
_MOST = 20


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file whose bytes are kept, and that is not written down yet."""

    kind: str
    file_key: str
    media_type: str
    size: int
    sha256: str


def keep_file(kind: str, stream: BinaryIO) -> KeptFile:
    """Look at a file and keep its bytes, before any transaction. Photos are pictures; a label may be a PDF. Raises
    ``Invalid``."""
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Invalid.field("file", "too_large", f"The file is larger than {LARGEST // (1024 * 1024)} MB.")
    try:
        media_type = media_type_of(content)
    except UnfitFile as error:
        raise Invalid.field("file", "unfit", str(error)) from error
    if media_type == PDF and kind != "label":
        raise Invalid.field("file", "unfit", "A photo is a JPEG or PNG file.")
    key = f"returns/{new_id()}"
    stored = storage().put(key, [content], limit=LARGEST)
    return KeptFile(kind, key, media_type, stored.size, stored.sha256)


def add_file(session: Session, organisation_id: UUID, return_id: UUID, kept: KeptFile) -> ReturnFile:
    """Write down a file. The same bytes of a kind again are the file that is there. Raises ``NotFound``, ``Invalid``
    and ``Conflict``; the caller then forgets the bytes (``forget_file``)."""
    row = locked(session, return_id, organisation_id).row
    state, whose = _WHEN[kept.kind]
    if organisation_id != (row.retailer_id if whose == "retailer" else row.supplier_id):
        raise NotFound("return")
    for known in row.files:
        if (known.kind, known.sha256) == (kept.kind, kept.sha256):
            storage().delete(kept.file_key)
            return known
    if row.state != state:
        raise Conflict("Nothing can be added to the return any more.", code="move_not_allowed")
    if len(row.files) >= _MOST:
        raise Invalid.field("file", "too_many", f"There are {_MOST} files already.")
    file = ReturnFile(
        id=new_id(),
        return_id=row.id,
        retailer_id=row.retailer_id,
        supplier_id=row.supplier_id,
        kind=kept.kind,
        file_key=kept.file_key,
        media_type=kept.media_type,
        size=kept.size,
        sha256=kept.sha256,
        uploaded_at=clock.now(),
        uploaded_by=current_scope().actor,
    )
    session.add(file)
    session.flush()
    session.refresh(row, ["files"])
    return file


def forget_file(kept: KeptFile) -> None:
    """The file was not taken after all."""
    storage().delete(kept.file_key)


def read_file(session: Session, organisation_id: UUID, return_id: UUID, file_id: UUID) -> tuple[ReturnFile, BinaryIO]:
    """A file of a party's return and its bytes. Raises ``NotFound``."""
    row = return_file(session, organisation_id, return_id, file_id)
    return row, opened(row)


def opened(row: ReturnFile) -> BinaryIO:
    """A file's bytes. Raises ``NotFound``."""
    if row.content is not None:
        return BytesIO(key_ring().open(row.content, Place("return_files", "content", row.id)))
    try:
        return storage().open(row.file_key)
    except FileNotFoundError as error:
        raise NotFound("file") from error


def add_label(session: Session, row: Return, content: bytes, media_type: str) -> ReturnFile:
    """Keep a label that was bought, sealed."""
    file_id = new_id()
    file = ReturnFile(
        id=file_id,
        return_id=row.id,
        retailer_id=row.retailer_id,
        supplier_id=row.supplier_id,
        kind="label",
        file_key="",
        content=key_ring().seal(content, Place("return_files", "content", file_id)),
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_at=clock.now(),
        uploaded_by=current_scope().actor,
    )
    session.add(file)
    session.flush()
    session.refresh(row, ["files"])
    return file


def remove_label(session: Session, row: Return, file_id: UUID) -> None:
    """A label that holds no longer is shown to nobody."""
    for file in row.files:
        if file.id == file_id:
            session.delete(file)
    session.flush()
    session.refresh(row, ["files"])


def read_shopper_photo(
    session: Session, retailer_id: UUID, shopper_return_id: UUID, file_id: UUID
) -> tuple[ShopperReturnFile, BinaryIO]:
    """A customer's photo and its bytes. Raises ``NotFound``."""
    row = session.get(ShopperReturnFile, file_id)
    if row is None or row.retailer_id != retailer_id or row.shopper_return_id != shopper_return_id:
        raise NotFound("file")
    try:
        return row, storage().open(row.file_key)
    except FileNotFoundError as error:
        raise NotFound("file") from error
