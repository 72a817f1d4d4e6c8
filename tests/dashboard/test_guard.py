"""Pages of other sites are kept out; ours may load nothing from elsewhere and run nothing inline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from dashboard.app import Server, build
from dashboard.settings import Settings


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "", "["])
def test_a_name_that_is_not_ours_is_refused(served: Server, host: str) -> None:
    answer = httpx.get(served.address, headers={"Host": host})
    assert answer.status_code == 403
    assert "Plumbline" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8765", "[::1]:80", "192.168.1.20"])
def test_our_own_names_and_plain_addresses_are_served(served: Server, host: str) -> None:
    assert httpx.get(served.address, headers={"Host": host}).status_code == 200


def test_the_live_readings_are_for_our_own_pages_alone(served: Server) -> None:
    url = served.address.replace("http:", "ws:") + "live"
    own = f"http://127.0.0.1:{served.port}"
    with connect(url, origin=Origin(own)) as socket:
        assert "link" in str(socket.recv(timeout=60))
    for foreign in ("http://evil.example", f"http://127.0.0.1:{served.port + 1}", "null"):
        with pytest.raises(InvalidStatus):
            connect(url, origin=Origin(foreign))


def test_every_answer_carries_the_security_headers(served: Server) -> None:
    for path in ("", "about", "nowhere", "part/today"):
        headers = httpx.get(served.address + path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["static/../store.py", "static/%2e%2e/store.py", "static//etc/passwd"])
def test_no_path_leads_out_of_the_static_folder(served: Server, path: str) -> None:
    version = re.search(r"/static/(\w+)/", httpx.get(served.address).text)
    assert version is not None
    for prefix in ("", f"static/{version[1]}/"):
        assert httpx.get(served.address + prefix + path).status_code == 404


def test_no_request_leaves_the_machine_and_the_policy_is_never_broken(
    browser: Browser, served: Server
) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    for path in ("", "about"):
        page.goto(served.address + path)
        page.wait_for_load_state("networkidle")
    assert asked
    assert {url.split("/")[2] for url in asked} == {f"127.0.0.1:{served.port}"}
    assert said == []
    context.close()


@pytest.fixture
def on_either(database_url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """A browser before a dashboard on SQLite, or on PostgreSQL, whose text holds no NUL."""
    made = build(Settings(tmp_path / "data", port=0, broker=None, database=database_url))
    server = Server(made)
    server.start()
    with httpx.Client(base_url=server.address, headers={"Origin": server.address[:-1]}) as client:
        yield client
    server.stop()
    made.store.close()


def test_a_nul_is_refused_before_it_reaches_the_database(on_either: httpx.Client) -> None:
    for path in ("session/a%00/b", "session/a/b%00", "history/day/%00", "?device=%00", "report?name=%00"):
        assert on_either.get(path).status_code == 400, path
    for form in ({"day": "2026-03-02", "text": "a\x00b"}, {"day\x00": "2026-03-02", "text": "a"}):
        assert on_either.post("notes", data=form).status_code == 400, form
    kept = on_either.post("notes", data={"day": "2026-03-02", "text": "a b"})
    assert kept.status_code == 303
