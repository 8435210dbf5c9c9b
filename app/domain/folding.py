"""Folding: words as they are compared, so that neither case nor accents nor the width of letters matter.

The database folds what it indexes in the same way: SQLite by its tokenizer, PostgreSQL by `search_plain`.
"""

import re
import unicodedata

# Scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana and Chinese characters.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
SYLLABLES = re.compile("[\uac00-\ud7a3]")  # Korean
_WORD = re.compile(r"[^\W_]+")
_ACCENTED = re.compile("[\u00c0-\u024f\u1e00-\u1eff]")  # where accented Latin letters are


def _bases() -> dict[int, str]:
    """The accented Latin letters, each with the plain one; others' marks make them other letters."""
    found = {}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base, *marks = list(unicodedata.normalize("NFKD", chr(code)))
        if marks and base.isascii() and all(map(unicodedata.combining, marks)):
            found[code] = base
    return found


_BASES = _bases()


def fold(text: str) -> str:
    """A text as it is compared."""
    return unaccented(unicodedata.normalize("NFKC", text)).lower()


def unaccented(text: str) -> str:
    """A text of the same length whose accented Latin letters are plain."""
    return text.translate(_BASES) if _ACCENTED.search(text) else text


def words(text: str) -> list[str]:
    """The words of a text, folded."""
    return _WORD.findall(fold(text))
