"""Uploaded pictures: drawn anew, made smaller, stripped; what is no picture is refused with the reason."""

from __future__ import annotations

import resource
import struct
import time
import zlib
from io import BytesIO

import pytest
from PIL import Image

from app.domain.people import pictures
from app.domain.people.pictures import Use
from app.domain.problems import Invalid, Refused
from tests.factories import make_member


def file_of(size=(40, 30), kind="PNG", mode="RGB", colour="red", **more):
    out = BytesIO()
    Image.new(mode, size, colour).save(out, kind, **more)
    return out.getvalue()


def drawn(file, use=Use.POST):
    found = pictures.draw(file, use)
    return Image.open(BytesIO(found.content))


def why_not(file):
    with pytest.raises(Invalid) as no:
        pictures.draw(file)
    return no.value.fields["picture"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_webp(kind):
    found = drawn(file_of(kind=kind))
    assert (found.format, found.size) == ("WEBP", (40, 30))


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "PPM"])
def test_other_kinds_of_pictures_are_refused_whatever_they_are_called(kind):
    assert "PNG, JPEG or WebP" in why_not(file_of(size=(32, 32), kind=kind))


@pytest.mark.parametrize(
    "file", [b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', b"<html><script>", b"%PDF-1.4", b"\0" * 99]
)
def test_what_is_no_picture_is_refused(file):
    assert "PNG, JPEG or WebP" in why_not(file)


def test_nothing_chosen_and_too_many_bytes_have_their_own_words():
    assert "Choose" in why_not(b"")
    assert "6 MB" in why_not(file_of() + b"\0" * pictures.MOST_BYTES)


def test_a_picture_that_moves_is_refused():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for kind in ("PNG", "WEBP"):
        out = BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:])
        assert "Moving" in why_not(out.getvalue())


def test_a_photograph_with_further_pictures_in_it_is_refused():
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))])
    assert "PNG, JPEG or WebP" in why_not(out.getvalue())


@pytest.mark.parametrize("tail", [b"<?php system($_GET[0]); ?>", b"<script>alert(1)</script>"])
def test_what_hides_behind_or_within_a_picture_is_gone(tail):
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    notes.add_text("Comment", tail.decode())
    found = pictures.draw(file_of(pnginfo=notes) + tail)
    assert tail not in found.content


def test_metadata_is_dropped_and_the_turn_it_asked_for_is_made():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    exif[0x010E] = "a secret description"
    exif.get_ifd(0x8825)[1] = "N"  # where it was taken
    file = file_of(kind="JPEG", exif=exif, icc_profile=b"secret profile", comment=b"secret comment")
    found = pictures.draw(file)
    assert (found.width, found.height) == (30, 40)
    again = Image.open(BytesIO(found.content))
    assert not dict(again.getexif())
    assert b"secret" not in found.content
    assert "icc_profile" not in again.info


def test_a_large_picture_is_made_smaller_and_a_small_one_is_left_alone():
    assert drawn(file_of((3200, 1000))).size == (1600, 500)
    assert drawn(file_of((1000, 3200), kind="JPEG")).size == (500, 1600)
    assert drawn(file_of((20, 10))).size == (20, 10)


@pytest.mark.parametrize("size", [(900, 300), (300, 900), (20, 30)])
def test_a_photo_is_a_square_cut_from_the_middle(size):
    assert drawn(file_of(size), Use.PHOTO).size == (256, 256)


def test_transparency_stays():
    assert drawn(file_of(mode="RGBA", colour=(255, 0, 0, 0))).getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("cut", [60, 100, 300])
def test_a_damaged_file_is_refused(cut):
    assert "damaged" in why_not(file_of((400, 400), colour="blue")[:cut] + b"\x99" * 40)


def png(width, height, *chunks):
    """A PNG by hand, with what the usual tools would not write."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunk(*it) for it in chunks) + chunk(b"IEND", b"")


BOMBS = {
    "many pixels": png(30_000, 30_000, (b"IDAT", zlib.compress(b"\0" * 10_000_000))),
    "very wide": png(2**31 - 1, 1, (b"IDAT", b"")),
    "a comment": png(8, 8, *[(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 50_000_000))] * 3),
    "a profile": png(8, 8, (b"iCCP", b"k\0\0" + zlib.compress(b"a" * 50_000_000)), (b"IDAT", zlib.compress(b"\0" * 25))),
    "webp": b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\x0f" + b"\0" * 10,
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_at_once_and_takes_no_memory(bomb):
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    assert why_not(BOMBS[bomb])
    assert time.process_time() - began < 0.1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_a_kept_picture_is_found_by_its_name_and_by_nothing_else(session):
    ada = make_member(session, "ada")
    one, two = (pictures.keep(session, ada, pictures.draw(file_of(colour=it))) for it in ("red", "blue"))
    session.flush()
    assert pictures.content(session, one.name) != pictures.content(session, two.name)
    assert pictures.content(session, "nothing") is None
    assert len(one.name) >= 22
    assert one.name != two.name


def test_only_who_uploaded_a_picture_removes_it(session):
    ada, eve = make_member(session, "ada"), make_member(session, "eve")
    picture = pictures.keep(session, ada, pictures.draw(file_of()))
    assert not pictures.remove(session, picture.name, eve)
    assert pictures.remove(session, picture.name, ada)
    assert pictures.content(session, picture.name) is None


def test_nobody_fills_the_database_with_pictures(session):
    ada, drawing = make_member(session, "ada"), pictures.draw(file_of())
    for _ in range(pictures.MOST_UPLOADS.most):
        pictures.keep(session, ada, drawing)
    with pytest.raises(Refused, match="hour"):
        pictures.keep(session, ada, drawing)
    pictures.keep(session, make_member(session, "ben"), drawing)
