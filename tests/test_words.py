"""Every sentence a person reads passes the one place where it could be said in another language."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROBLEMS = {"Refused", "Invalid", "Conflict", "Unfit"}


def sentences(path):
    """What a module says when it refuses: each argument of a problem that it raises, with its line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in PROBLEMS:
            yield from ((it, node.lineno) for it in [*node.args, *(it.value for it in node.keywords)])


def test_no_refusal_is_written_past_the_translatable_place():
    past = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted([*(ROOT / "app/domain").rglob("*.py"), *(ROOT / "app/web").rglob("*.py")])
        for sentence, line in sentences(path)
        if isinstance(sentence, ast.JoinedStr)
        or (isinstance(sentence, ast.Constant) and isinstance(sentence.value, str))
    ]
    assert past == []
