"""Imports point the allowed way, and the domain knows nothing of the web, the queue or the mail."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OUTSIDE_DOMAIN = {
    "flask",
    "jinja2",
    "rq",
    "redis",
    "smtplib",
    "werkzeug",
    "flask_login",
    "flask_wtf",
    "flask_sqlalchemy",
}
MAY_IMPORT = {
    "app/domain": {"app.domain", "app.catalogue"},
    "app/web": {"app.web", "app.domain", "app.db", "app.schema", "app.logs", "app.art", "app.cards", "app.envelopes"},
    "app/jobs.py": {"app.domain", "app.db", "app.mail", "app.bell", "app.queue"},
    "app/imports": {"app.imports", "app.domain", "app.db"},
}

# The folders of the domain, in the order in which they know each other: each only those before it. What they all
# stand on (base, words, problems, ...) lies in no folder and knows only its like.
LAYERS = (
    "people", "record", "site", "forum", "badging", "finding", "mail", "notices", "rewards", "writing", "membership",
    "moderation", "awarding", "ways", "catalogue", "correspondence", "leaving",
)  # fmt: skip


def modules(place):
    path = ROOT / place
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports_of(path):
    """Full names of what a module imports, inside functions too; what only type checkers read does not count."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (it.name for it in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from app import bell` names the module app.bell, `from app.domain import words` app.domain.words
            parts = node.module in ("app", "app.domain")
            yield from ([f"{node.module}.{it.name}" for it in node.names] if parts else [node.module])


def is_within(name, places):
    return any(name == place or name.startswith(f"{place}.") for place in places)


@pytest.mark.parametrize("place", MAY_IMPORT)
def test_imports_point_the_allowed_way(place):
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(place)
        for name in imports_of(path)
        if is_within(name, ["app"]) and not is_within(name, MAY_IMPORT[place])
    }
    assert not wrong


def test_the_domain_knows_no_web_no_queue_and_no_mail():
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules("app/domain")
        for name in imports_of(path)
        if name.partition(".")[0] in OUTSIDE_DOMAIN
    }
    assert not wrong


def layer(dotted):
    """Where a module of the domain stands; 0 is what all stand on."""
    folder = dotted.split(".")[2] if dotted.count(".") > 1 else ""
    return LAYERS.index(folder) + 1 if folder in LAYERS else 0


def test_the_folders_of_the_domain_know_only_those_before_them():
    domain = ROOT / "app/domain"
    assert {it.name for it in domain.iterdir() if (it / "__init__.py").exists()} == set(LAYERS)
    wrong = set()
    for path in sorted(domain.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if name != "app.domain.__init__":  # it makes every table known
            known = {it for it in imports_of(path) if it.startswith("app.domain.")}
            wrong |= {f"{name} imports {it}" for it in known if layer(it) > layer(name)}
    assert not wrong


def test_nothing_is_called_utils_or_helpers():
    assert not [path for path in ROOT.glob("app/**/*.py") if re.fullmatch(r"(utils?|helpers?|common|misc)", path.stem)]


def test_no_pickle_and_no_rendering_of_strings():
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules("app")
        for name in imports_of(path)
        if name.partition(".")[0] in {"pickle", "marshal", "shelve", "dill"}
    }
    assert not wrong
    assert not [path for path in modules("app") if "render_template_string" in path.read_text()]


def test_nothing_can_fetch_an_address_that_somebody_gave():
    """There are no previews of links, pictures by address or hooks: whoever adds one has to think of what it can reach."""
    clients = {"requests", "httpx", "aiohttp", "urllib3", "urllib.request", "http.client", "pycurl", "ftplib"}
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules("app")
        for name in imports_of(path)
        if name in clients or name.partition(".")[0] in clients
    }
    assert wrong == {"app/cli/serve.py imports urllib.request"}  # asks the site itself whether it is up
    for line in (ROOT / "requirements.in").read_text().splitlines():
        assert line.partition("=")[0].strip() not in clients


def test_every_library_is_pinned_by_its_hash():
    lock = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    pinned = [line for line in lock.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert len(pinned) > 20
    assert all("==" in line and "--hash=sha256:" in line for line in pinned)


def test_every_template_compiles(site):
    environment = site.jinja_env
    for name in environment.list_templates():
        if not name.endswith((".png", ".svg")):
            environment.get_template(name)
