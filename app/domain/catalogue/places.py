"""Where things stand in a TOML file, which tomllib does not tell.

Meant for text that tomllib has accepted: it looks for places, not for mistakes.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r'''(?P<space>[\s,]+|\#[^\n]*)
    |(?P<text>"""(?:\\.|(?!""").)*"{3,5}|\'\'\'(?:(?!\'\'\').)*'{3,5}|"(?:\\.|[^"\\])*"|'[^']*')
    |(?P<mark>[\[\]{}=])
    |(?P<word>\d{4}-\d\d-\d\d\ \d\d:[^\s,\]}]+|[^\s,\[\]{}=\#"']+)''',
    re.VERBOSE | re.DOTALL,
)


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


class Places:
    """The line of every key and value of a file, by the way that leads there."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {(): 1}
        self._tables: dict[Path, int] = {}  # how many [[tables]] of a name there were so far
        self._tokens = _tokens(text)
        self._next = next(self._tokens, None)
        inside: Path = ()
        while self._next:
            if self._next.text == "[" and self._next.kind == "mark":
                inside = self._header()
            else:
                self._pair(inside)

    def line(self, path: Path) -> int:
        """The line at which a place begins, or the nearest thing around it."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _take(self) -> _Token:
        token, self._next = self._next, next(self._tokens, None)
        assert token is not None, "tomllib accepted this text"  # noqa: S101
        return token

    def _at(self, text: str) -> bool:
        return self._next is not None and self._next.kind == "mark" and self._next.text == text

    def _header(self) -> Path:
        line = self._take().line
        several = self._at("[")
        if several:
            self._take()
        path: Path = ()
        for name in self._key():
            path = (*path, name)
            if path in self._tables:
                path = (*path, self._tables[path])
        while self._at("]"):
            self._take()
        if several:
            if isinstance(path[-1], int):
                path = path[:-1]
            self._lines.setdefault(path, line)
            self._tables[path] = self._tables.get(path, -1) + 1
            path = (*path, self._tables[path])
        self._lines.setdefault(path, line)
        return path

    def _key(self) -> list[str]:
        names: list[str] = []
        while self._next and self._next.kind != "mark":
            token = self._take()
            names += [token.text[1:-1]] if token.kind == "text" else filter(None, token.text.split("."))
        return names

    def _pair(self, inside: Path) -> None:
        line = self._next.line if self._next else 0
        path = inside
        for name in self._key():
            path = (*path, name)
            self._lines.setdefault(path, line)
        self._take()  # =
        self._value(path)

    def _value(self, path: Path) -> None:
        token = self._take()
        self._lines.setdefault(path, token.line)
        if token.kind == "mark" and token.text == "[":
            count = 0
            while not self._at("]"):
                self._value((*path, count))
                count += 1
            self._take()
        elif token.kind == "mark":
            while not self._at("}"):
                self._pair(path)
            self._take()


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for found in _TOKEN.finditer(text):
        if found.lastgroup != "space":
            yield _Token(found.lastgroup or "", found.group(), line)
        line += found.group().count("\n")
