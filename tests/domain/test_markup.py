"""Markup: what members write is shown as they meant it, and can do nothing."""

import time

import pytest

from app.domain import markup

WORST = {
    "brackets": "[" * 20_000,
    "emphasis": "**a" * 6_000,
    "pictures": "![a](" * 4_000,
    "quotes": ">" * 20_000,
    "addresses": "www." * 5_000,
    "deep tags": "<div>" * 20_000,
    "deep lists": "<ul><li>" * 12_000,
    "half links": "<http://" * 2_500,
    "links": "[a](b)" * 2_000,
    "pictures just few enough": "![a](" * 1_900,
    "code": "`a``b```c" * 2_000,
    "mentions": "@a " * 6_600,
    "rows": "|a|b|\n|-|-|\n" + "|a|b|\n" * 3_000,
    "headings": "# a\n" * 5_000,
    "wide rows": "|a" * 100 + "\n" + "|-" * 100 + "\n" + "|\n" * 1_800,
    "rows of nothing": "a|b\n-|-\n" + "|\n" * 9_000,
    "short lists": "- a\n" * 5_000,
    "short lines": "a\n===\n" * 3_300,
    "stars": "*a* " * 5_000,
    "lists in lists": "- - - - - - a\n" * 1_400,
    "hosts": "a.de " * 4_000,
    "underlines": "_a_ " * 5_000,
}


def test_markdown_keeps_tables_links_code_and_pictures_of_our_own():
    html = markup.render("| a | b |\n|:-|-:|\n| 1 | 2 |\n\n~~x~~ https://a.example `x<1` ![y](/pictures/y.webp)")
    assert '<td align="right">2</td>' in html
    assert '<s>x</s> <a href="https://a.example" rel="nofollow ugc noopener">https://a.example</a>' in html
    assert '<code>x&lt;1</code> <img src="/pictures/y.webp" alt="y">' in html


@pytest.mark.parametrize("address", ["https://spy.example/p.png", "//spy.example/p.png", r"/\spy.example/p.png"])
def test_a_picture_from_elsewhere_is_never_fetched(address):
    assert 'src="/\\' not in markup.render(f"![p]({address})")
    assert 'src="//' not in markup.render(f"![p]({address})")
    assert 'src="http' not in markup.render(f"![p]({address})")
    assert "src=" not in markup.clean(f'<img src="{address}" alt="p">')


@pytest.mark.parametrize(
    "address", ["/messages/eve", "/t/1/thread", "/pictures/../logout", "/pictures/x.webp?y=/t/1/z", "/"]
)
def test_a_picture_opens_no_other_page_of_ours(address):
    assert markup.render(f"![p]({address})") == f'<p><a href="{address}" rel="nofollow ugc noopener">p</a></p>\n'
    assert "src=" not in markup.clean(f'<img src="{address}" alt="p">')


def test_a_title_that_looks_like_a_picture_breaks_out_of_nothing():
    html = markup.clean('<img src="x"><a title="<img src=" href=" onclick=steal() x=">t</a>')
    assert html.count("<a ") == 2
    assert "<img" not in html
    assert "onclick=steal() x=" in html  # as the value of an address, where it is no attribute


@pytest.mark.parametrize("name", WORST)
def test_the_worst_text_is_rendered_in_time(name):
    began = time.process_time()
    markup.render(WORST[name])
    markup.clean(WORST[name])
    assert time.process_time() - began < 1.5


def test_bars_alone_make_no_more_cells_than_a_table_needs():
    head = "|a" * 100 + "|\n" + "|-" * 100 + "|\n"
    assert markup.render(head + "|\n" * 1_500).count("<td") <= 600
    assert markup.render(head + ("|1" * 100 + "|\n") * 15).count("<td>1</td>") == 1_500


def test_a_text_of_many_lines_is_still_marked_up():
    assert markup.render("- a\n" * 1_900).count("<li>") == 1_900
    assert markup.render("**a** " * 900).count("<strong>") == 900


def test_what_is_too_long_is_shown_as_typed_and_still_fits():
    assert markup.render("<b>" + "&" * 300_000).startswith("<p>&lt;b&gt;&amp;")
    assert len(markup.clean("<p>" + "&" * 300_000)) <= markup.MAX_STORED


@pytest.mark.parametrize(
    "link",
    [
        "[https://bank.example](https://evil.example)", "[bank.example](https://evil.example/login)",
        "[**www.bank.example/x**](https://evil.example)", "[bank\u200b.example](https://evil.example)",
        "[bank.example.](https://evil.example)", "https://bank.example@evil.example/", "[\u202eelpmaxe.knab](https://evil.example)",
    ],
)  # fmt: skip
def test_a_link_that_seems_to_lead_elsewhere_names_its_host(link):
    assert "</a> (evil.example)" in markup.render(link)


@pytest.mark.parametrize(
    "link",
    [
        "[the docs](https://evil.example)", "https://evil.example/a", "[evil.example](https://www.evil.example/x)",
        "[see e.g. this](https://evil.example)", "[`code`](/p/1)", "<mailto:a@evil.example>",
    ],
)  # fmt: skip
def test_an_honest_link_is_left_as_it_is(link):
    assert "(evil.example)" not in markup.render(link)


def test_a_host_in_letters_that_look_alike_is_spelled_out():
    assert "(xn--bnk-ula.example)" in markup.render("https://xn--bnk-ula.example/")


@pytest.mark.parametrize("text", ["a\u202eb", "a&#x202E;b", "a\u2067b", "`a\u202eb`"])
def test_nothing_in_a_text_turns_round_what_follows(text):
    assert not set(markup.render(text)) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert "\u202e" not in markup.clean(f"<p>{text}</p>")


def test_addresses_are_found_however_many_colons_there_are():
    assert markup.render("https://a.example/x_y " + "a:b " * 400).startswith('<p><a href="https://a.example/x_y"')
