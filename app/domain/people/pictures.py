"""Pictures: what members upload is decoded, made smaller, and drawn anew without anything it carried along.

Nothing of the file itself is kept: not its name, not its metadata, not a byte behind the picture. What
is stored lies in the database, so that every host shows it and a back-up holds it.
"""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from io import BytesIO
from typing import NamedTuple

from PIL import Image, ImageFile, ImageOps, PngImagePlugin, UnidentifiedImageError
from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import limits
from app.domain.base import Base, now
from app.domain.limits import Limit
from app.domain.people.members import Member
from app.domain.problems import Invalid, Refused
from app.domain.words import _

MOST_BYTES = 6 * 1024 * 1024
MOST_PIXELS = 20_000_000
TO_POST_IT = timedelta(days=7)
MOST_UPLOADS = Limit(60, timedelta(hours=1))
FORMATS = ("PNG", "JPEG", "WEBP")
QUALITY = 82

# A comment inside a PNG may unpack to a thousand times its size, before the first pixel is read.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = 256 * 1024
ImageFile.LOAD_TRUNCATED_IMAGES = False


class Use(StrEnum):
    """What a picture is for, which says how large it is kept."""

    POST = "post"
    PHOTO = "photo"
    REQUEST = "request"  # for who asked for a badge, and staff


LONGEST_SIDE = 1600
PHOTO_SIDE = 256
FACE_SIDE = 96  # the same photo in lists, where it is shown at forty dots or less


class Drawing(NamedTuple):
    """A picture as it will be kept: WebP, and how large."""

    use: Use
    content: bytes
    width: int
    height: int


class Picture(Base):
    """A picture under a name that nobody can guess. What it shows is fetched only when asked for."""

    __tablename__ = "pictures"
    __table_args__ = (CheckConstraint("use IN ('post', 'photo', 'request')", name="use"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    use: Mapped[str] = mapped_column(String(10))
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    look_at: Mapped[datetime | None] = mapped_column(index=True)  # when to see whether it was posted; never again if so

    @property
    def path(self) -> str:
        return path(self.name)


def draw(file: bytes, use: Use = Use.POST, *, field: str = "picture") -> Drawing:
    """The picture in an uploaded file, drawn anew; raises Invalid with the reason where there is none to take.

    This takes a moment and no database: call it before the transaction that keeps the result.
    """
    try:
        image = _decoded(file)
    except Unfit as no:
        raise Invalid(**{field: str(no)}) from None
    if use == Use.PHOTO:
        image = ImageOps.fit(image, (PHOTO_SIDE, PHOTO_SIDE), Image.Resampling.LANCZOS)
    return Drawing(use, _webp(image), *image.size)


def smaller(drawing: Drawing, side: int) -> Drawing:
    """A drawing once more, no larger than that."""
    image = Image.open(BytesIO(drawing.content), formats=("WEBP",))
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return Drawing(drawing.use, _webp(image), *image.size)


def keep(session: Session, member: Member, drawing: Drawing, *, at: datetime | None = None) -> Picture:
    """Store a drawing under a random name."""
    moment = at or now()
    key = limits.key("pictures", str(member.id))
    if limits.wait(session, key, MOST_UPLOADS, at=moment):
        raise Refused(_("That is a lot of pictures at once. Try again in an hour."))
    limits.spend(session, key, MOST_UPLOADS, at=moment)

    use, content, width, height = drawing
    picture = Picture(
        name=secrets.token_urlsafe(18), member_id=member.id, use=use, width=width, height=height, content=content,
        created_at=moment, look_at=moment + TO_POST_IT if use == Use.POST else None,
    )  # fmt: skip
    session.add(picture)
    session.flush()
    return picture


def content(session: Session, name: str) -> bytes | None:
    """The WebP file of that name, of a picture that anybody who knows the name may see."""
    return session.scalar(select(Picture.content).where(Picture.name == name, Picture.use != Use.REQUEST))


def remove(session: Session, name: str, member: Member) -> bool:
    """Forget one of a member's pictures; whether there was one."""
    theirs = delete(Picture).where(Picture.name == name, Picture.member_id == member.id)
    return session.execute(theirs.returning(Picture.id)).first() is not None


def path(name: str) -> str:
    """The address of the picture of that name."""
    return f"/pictures/{name}.webp"


class Unfit(Exception):
    """A file that gives no picture to keep; the text says why."""


def _decoded(file: bytes) -> Image.Image:
    if not file:
        raise Unfit(_("Choose a picture first."))
    if len(file) > MOST_BYTES:
        raise Unfit(_("That picture is too large: at most %(most)s MB.", most=MOST_BYTES // 1024**2))
    try:
        return _shrunk(_opened(file))
    except (UnidentifiedImageError, Image.DecompressionBombError):
        raise Unfit(_("This is not a picture we can take. Use PNG, JPEG or WebP.")) from None
    except (OSError, SyntaxError, ValueError, EOFError):  # which decoders raise for what they cannot read to the end
        raise Unfit(_("This picture is damaged. Save it again, or take another.")) from None


def _opened(file: bytes) -> Image.Image:
    """The file with only its head read, which is where bombs are refused."""
    image = Image.open(BytesIO(file), formats=FORMATS)
    if image.format not in FORMATS:  # a JPEG with further pictures behind it calls itself something else
        raise UnidentifiedImageError
    if image.width * image.height > MOST_PIXELS:
        raise Unfit(_("That picture has too many pixels: at most %(most)s million.", most=MOST_PIXELS // 10**6))
    if getattr(image, "n_frames", 1) > 1:
        raise Unfit(_("Moving pictures cannot be shown here. Take a single picture."))
    return image


def _shrunk(image: Image.Image) -> Image.Image:
    """The pixels, upright. A JPEG is decoded at a fraction of its size where that is enough."""
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    ImageOps.exif_transpose(plain, in_place=True)
    return plain


def _webp(image: Image.Image) -> bytes:
    drawn = BytesIO()
    image.save(drawn, "WEBP", quality=QUALITY, exif=b"", icc_profile=b"", xmp=b"")
    return drawn.getvalue()
