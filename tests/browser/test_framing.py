"""A page of another site, however it tries, shows none of ours within itself: nobody is led to press what they do not see."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
PAGES = (
    "/", "/badges", "/badges/speaker", "/badges/speaker/request", "/awards/1", "/u/ada", "/t/1/a-thread", "/login",
    "/settings/account", "/feeds/threads.atom", "/feeds/badges/smooth-landing.atom",
    "/static/css/base.css", "/healthz",
)  # fmt: skip
PATIENCE = 600  # looks, fifty milliseconds apart
WAYS = {
    "iframe": '<iframe src="{}"></iframe>',
    "sandboxed": '<iframe src="{}" sandbox="allow-scripts allow-same-origin"></iframe>',
    "object": '<object data="{}" type="text/html"></object>',
    "embed": '<embed src="{}" type="text/html">',
}


@pytest.fixture
def elsewhere():
    """Another site; gives the way to say what its page holds, and where it is."""
    held = {"page": ""}

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            inner = "<!doctype html><title>Inner</title>Within" if self.path == "/inner" else held["page"]
            self.wfile.write(inner.encode())

        def log_message(self, *_said: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield held, f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def frame(browser, elsewhere):
    """Opens the other site with something in a frame of it; tells whether it is shown."""
    context = browser.new_context()
    held, there = elsewhere

    def show(way, address):
        page, refused = context.new_page(), []
        page.on("console", lambda it: refused.append(it.text) if "frame-ancestors 'none'" in it.text else None)
        held["page"] = f"<!doctype html><title>Elsewhere</title>{WAYS[way].format(address)}"
        page.goto(there)
        for _ in range(PATIENCE):
            shown = [it for it in page.frames[1:] if it.url.startswith("http")]
            if refused or shown:
                break
            page.wait_for_timeout(50)
        page.close()
        return "refused" if refused else "shown" if shown else "neither"

    yield show
    context.close()


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("way", WAYS)
def test_none_of_our_pages_is_shown_within_a_page_of_another_site(frame, elsewhere, live_server, way):
    assert frame(way, f"{elsewhere[1]}/inner") == "shown", "its own are"
    for address in PAGES:
        assert frame(way, live_server + address) == "refused", address
