"""Markup: what members write becomes HTML that is safe to show, once, when it is written.

Two locks: Markdown is rendered with raw HTML off, and whatever HTML there is passes an allow-list.
Nothing in a post can carry an id, a class, a style or an attribute that a script listens to, and no
picture is fetched from elsewhere: it becomes a link.
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

# The sanitiser's work grows with the square of the depth: 100,000 nested tags take it half a minute.
MAX_SOURCE = 20_000
MAX_HTML = 100_000
MAX_DEPTH = 200
# So with Markdown, and what each of these may begin.
MAX_MARKS = {"[": 2_000, "|": 2_000, "\n": 2_000, "- ": 2_500, ".": 2_500, "*": 4_000, "_": 4_000}
MAX_COLONS = 300  # before each of which it looks for the start of an address
MAX_STORED = 200_000

# A hundred columns make a row of a single bar into a hundred cells.
_tables: Any = import_module("markdown_it.rules_block.table")  # in the package that name is a function
_tables.MAX_AUTOCOMPLETED_CELLS = 500

_TAGS = """
    p br hr h1 h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre code kbd em strong i b s del sup sub a img
    table thead tbody tr th td
"""
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "th": {"align"},
    "td": {"align"},
}

MENTION = re.compile(r"(?<![\w@/.+-])@([A-Za-z0-9_][A-Za-z0-9._-]{1,29})")

_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNSEEN = re.compile("[\u00ad\u180e\u200b-\u200f\u2060\ufeff]")
_LIKE_AN_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//|(?:[^\s/@:]+\.)+[^\W\d_]{2,}\.?(?:[:/?#]|$)", re.I)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_UNNESTED = {"br", "hr", "img", "p", "li", "dt", "dd", "tr", "td", "th"}  # void, or closed by the next of their kind
_IMAGE = re.compile(r'<img((?: [a-z]+="[^"]*")+) ?/?>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
# No other address of ours: whoever sees the picture would open that page, and read, view or visit without knowing.
_OWN_PICTURE = re.compile(r"/pictures/[A-Za-z0-9_-]+\.webp")


def render(markdown: str, members: Mapping[str, str] = MappingProxyType({})) -> str:
    """The HTML of a Markdown text; one that is too long, or all marks, is shown as typed.

    `members` are those whom the text may mention, by their folded usernames: each @name links to them.
    """
    if len(markdown) > MAX_SOURCE or any(markdown.count(mark) > most for mark, most in MAX_MARKS.items()):
        return _as_typed(markdown)
    reader = _MARKDOWN if markdown.count(":") <= MAX_COLONS else _MARKDOWN_WITH_LATE_LINKS
    return without_overrides(_SAFE.clean(reader.render(markdown, {"members": members})))


def clean(source: str) -> str:
    """The safe part of HTML that came from elsewhere; too long or too deep, only its text."""
    if not source:
        return ""
    if len(source) > MAX_HTML or _depth(source) > MAX_DEPTH:
        return _as_typed(plain(source))
    if "<img" in source.lower():
        # Only after a first pass are the attributes quoted so that a pattern can be trusted to find
        # them; and since this writes HTML itself, the sanitiser has the last word again.
        source = _IMAGE.sub(_picture, _SAFE_BUT_PICTURES.clean(source))
    safe = without_overrides(_SAFE.clean(source))
    return safe if len(safe) <= MAX_STORED else _as_typed(plain(source))


def without_overrides(text: str) -> str:
    """A text without the characters that make others read backwards, so that it says what it looks like."""
    return _OVERRIDES.sub("", text)


def plain(source: str) -> str:
    """The bare text of some HTML, for places that show no markup."""
    return html.unescape(re.sub(r"<[^<>]*>", "", source)).strip()


def _depth(source: str) -> int:
    depth = deepest = 0
    for closing, name in _TAG.findall(source):
        if name.lower() not in _UNNESTED:
            depth = max(0, depth - 1) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _as_typed(text: str) -> str:
    room = MAX_STORED - len("<p></p>")
    escaped = html.escape(text[:room], quote=False)
    if len(escaped) > room:
        escaped = html.escape(text[: room // len("&amp;")], quote=False)
    return f"<p>{escaped}</p>"


def _own_pictures(tag: str, attribute: str, value: str) -> str | None:
    return value if (tag, attribute) != ("img", "src") or _OWN_PICTURE.fullmatch(value) else None


def _cleaner(attribute_filter: Callable[[str, str, str], str | None] | None) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_TAGS.split()),
        attributes=_ATTRIBUTES,
        attribute_filter=attribute_filter,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow ugc noopener",
        strip_comments=True,
    )


_SAFE, _SAFE_BUT_PICTURES = _cleaner(_own_pictures), _cleaner(None)


def _picture(found: re.Match[str]) -> str:
    attributes = dict(_ATTRIBUTE.findall(found[1]))
    source = attributes.get("src", "")
    if _OWN_PICTURE.fullmatch(source):
        return found[0]
    words = attributes.get("alt") or "picture"
    return f'<a href="{source}">{html.escape(html.unescape(words), quote=False)}</a>'


class _Renderer(RendererHTML):
    """Markdown's pictures from elsewhere become links, its columns say `align` instead of a style."""

    def image(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[index]
        source = str(token.attrs.get("src", ""))
        if _OWN_PICTURE.fullmatch(source):
            return super().image(tokens, index, options, env)
        words = self.renderInlineAsText(token.children, options, env) or "picture"
        return f'<a href="{html.escape(source)}">{html.escape(words, quote=False)}</a>'

    def _cell(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[index]
        style = str(token.attrs.pop("style", ""))
        if style:
            token.attrs["align"] = style.removeprefix("text-align:")
        return self.renderToken(tokens, index, options, env)

    th_open = td_open = _cell


def _link_mentions(state: StateCore) -> None:
    """Make links of the members named in a text, but not in code or within another link."""
    if not state.env.get("members"):
        return
    for block in state.tokens:
        linked = 0
        parts: list[Token] = []
        for part in block.children or ():
            linked += part.nesting if part.type.startswith("link_") else 0
            parts += _split(part, state.env["members"]) if part.type == "text" and not linked else [part]
        if block.children:
            block.children = parts


def _split(part: Token, members: Mapping[str, str]) -> list[Token]:
    pieces, end = [], 0
    for found in MENTION.finditer(part.content):
        name = found[1].rstrip(".-")
        if username := members.get(name.lower()):
            start = Token("link_open", "a", 1, attrs={"href": f"/u/{username}"})
            pieces += [_text(part.content[end : found.start()]), start, _text("@" + name), Token("link_close", "a", -1)]
            end = found.start() + 1 + len(name)
    return [*pieces, _text(part.content[end:])]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _name_hosts(state: StateCore) -> None:
    """Say after a link where it leads, if its text looks like another address."""
    for block in state.tokens:
        parts: list[Token] = []
        opened: Token | None = None
        words = ""
        for part in block.children or ():
            parts.append(part)
            if part.type == "link_open":
                opened, words = part, ""
            elif part.type == "link_close" and opened:
                if host := _disguised(str(opened.attrs.get("href", "")), words):
                    parts.append(_text(f" ({host})"))
                opened = None
            else:
                words += part.content
        if block.children:
            block.children = parts


def _disguised(address: str, words: str) -> str | None:
    """The host of a link whose text seems to name another one, or hides the host in letters that look alike."""
    host, words = _host(address), _UNSEEN.sub("", without_overrides(words)).strip()
    if not host or not _LIKE_AN_ADDRESS.match(words):
        return None
    seems = _host(words if "//" in words else f"//{words}")
    plain = host.isascii() and "xn--" not in host and "@" not in words
    return None if plain and seems.removeprefix("www.") == host.removeprefix("www.") else host


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return "?"


def _markdown(*, late_links: bool = False) -> MarkdownIt:
    settings: dict[str, Any] = {"html": False, "linkify": True, "maxNesting": 50}
    reader = MarkdownIt("commonmark", settings, renderer_cls=_Renderer).enable(["table", "strikethrough", "linkify"])
    reader.core.ruler.after("linkify", "mentions", _link_mentions)
    reader.core.ruler.after("mentions", "hosts", _name_hosts)
    if late_links:  # only once the text is read, and not while it is
        reader.inline.ruler.disable("linkify")
    return reader


_MARKDOWN, _MARKDOWN_WITH_LATE_LINKS = _markdown(), _markdown(late_links=True)
