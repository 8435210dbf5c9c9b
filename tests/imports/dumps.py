"""Tiny dumps for tests: rows as dictionaries become the files of a dump. All names are invented."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import quoteattr

TABLES = ("Users", "Posts", "Votes", "Comments", "PostHistory", "Tags")


class Dump:
    """A dump in the making. Days are counted from 1 January 2020 as day 1; a fraction is the time of day."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, object]]] = {table: [] for table in TABLES}

    def user(self, number: int, name: str = "", **more: object) -> int:
        given = {"DisplayName": name or f"User {number}", "CreationDate": at(1), "LastAccessDate": at(31)}
        return self._add("Users", {"Id": number, "Reputation": 1, **given, **more})

    def question(self, number: int, by: int | None, day: float = 2, **more: object) -> int:
        body = {"Title": f"Question {number}", "Body": "<p>Why?</p>", "Tags": "<tea>", "Score": 0, "ViewCount": 0}
        return self._post(1, number, by, day, {**body, **more})

    def answer(self, number: int, to: int, by: int | None, day: float = 3, **more: object) -> int:
        return self._post(2, number, by, day, {"ParentId": to, "Body": "<p>So.</p>", "Score": 0, **more})

    def vote(self, post: int, kind: int = 2, day: int = 4, **more: object) -> int:
        """A vote: 1 accepted, 2 up, 3 down, 5 favourite, 8 bounty begins, 9 bounty is given."""
        if kind in (2, 3):
            for row in self.rows["Posts"]:
                if row["Id"] == post:
                    row["Score"] = int(str(row["Score"])) + (1 if kind == 2 else -1)
        number = len(self.rows["Votes"]) + 1
        given = {"Id": number, "PostId": post, "VoteTypeId": kind, "CreationDate": at(day)}
        return self._add("Votes", {**given, **more})

    def votes(self, post: int, count: int, kind: int = 2, day: int = 4) -> None:
        for _ in range(count):
            self.vote(post, kind, day)

    def comment(self, post: int, by: int | None, day: float = 3, text: str = "Indeed.", score: int = 0) -> int:
        number = len(self.rows["Comments"]) + 1
        row = {"Id": number, "PostId": post, "UserId": by, "CreationDate": at(day), "Text": text, "Score": score}
        return self._add("Comments", row)

    def history(self, post: int, kind: int, by: int | None, day: float, text: str = "", revision: str = "") -> int:
        """A line of a post's history: 1-3 first title, body, tags; 4-6 edit of them; 7-9 rollback; 24 suggestion."""
        number = len(self.rows["PostHistory"]) + 1
        given = {"Id": number, "PostId": post, "PostHistoryTypeId": kind, "RevisionGUID": revision or f"r{number}"}
        return self._add("PostHistory", {**given, "UserId": by, "CreationDate": at(day), "Text": text})

    def tag_wiki(self, number: int, tag: str, by: int, day: float = 2) -> int:
        self._post(5, number, by, day, {"Body": f"About {tag}", "Score": 0})
        self.rows["Tags"].append({"Id": number, "TagName": tag, "Count": 1, "WikiPostId": number})
        self.history(number, 2, by, day, f"About {tag}")
        return number

    def write(self, folder: Path, without: tuple[str, ...] = ()) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for table in TABLES:
            if table not in without:
                (folder / f"{table}.xml").write_text(self.xml(table), encoding="utf-8-sig")
        return folder

    def xml(self, table: str) -> str:
        lines = [f"  <row {_attributes(row)} />" for row in self.rows[table]]
        name = table.lower()
        return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', f"<{name}>", *lines, f"</{name}>"])

    def _post(self, kind: int, number: int, by: int | None, day: float, more: dict[str, object]) -> int:
        row = {
            "Id": number,
            "PostTypeId": kind,
            "OwnerUserId": by,
            "CreationDate": at(day),
            "LastActivityDate": at(day),
        }
        return self._add("Posts", {**row, **more})

    def _add(self, table: str, row: dict[str, object]) -> int:
        self.rows[table].append({name: value for name, value in row.items() if value is not None})
        return int(str(row["Id"]))


def at(day: float) -> str:
    """A day as dumps write it."""
    moment = datetime(2020, 1, 1) + timedelta(days=day - 1)  # noqa: DTZ001  dumps write UTC without saying so
    return moment.isoformat(timespec="milliseconds")


def _attributes(row: dict[str, object]) -> str:
    return " ".join(f"{name}={quoteattr(str(value))}" for name, value in row.items())
