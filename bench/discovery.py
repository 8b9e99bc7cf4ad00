"""How many discoveries a second a front end answers, and how long the page takes beside the password's check."""

from __future__ import annotations

import http.client
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import yaml

from bench.figures import Figure, spread

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.support.lab import Lab

PAGE = "mail.contoso.test"
DISCOVERY = ("autoconfig.contoso.test", "/mail/config-v1.1.xml")
SETTINGS = "/options/account/settings"
CLIENTS = 4
OK, SEE_OTHER = 200, 303


def turn_on(site_dir: Path) -> None:
    """Turns on the site's web server in its document; the next run of the playbook brings it to the front end."""
    file = site_dir / "site.yml"
    document = yaml.safe_load(file.read_text())
    document["mailpair_site"]["web_site"] = {"enabled": True}
    document["mailpair_site"]["certificates"]["mail"]["services"].append("IIS")
    file.write_text(yaml.safe_dump(document))


def figures(lab: Lab, address: str, *, requests: int) -> list[Figure]:
    """Both; ``requests`` is how often each of the clients asks, and the page is asked for."""
    with lab.names(PAGE, DISCOVERY[0]):
        return [*discoveries(lab, requests), *pages(lab, address, requests)]


def discoveries(lab: Lab, requests: int) -> list[Figure]:
    """Autoconfig: clients that come anew each time, and clients that keep their connection."""

    def anew() -> None:
        for _ in range(requests):
            keep(1)

    def keep(times: int = requests) -> None:
        client = http.client.HTTPSConnection(DISCOVERY[0], context=lab.tls)
        for _ in range(times):
            client.request("GET", DISCOVERY[1])
            answer = client.getresponse()
            answer.read()
            if answer.status != OK:
                raise RuntimeError(f"discovery: {answer.status}")
        client.close()

    found = []
    for name, ask in (("a connection each", anew), ("connections kept", keep)):
        start = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            for asked in [pool.submit(ask) for _ in range(CLIENTS)]:
                asked.result()
        rate = CLIENTS * requests / (time.perf_counter() - start)
        found.append(Figure(f"discoveries, {name}", rate, "a second", f"{CLIENTS} clients"))
    return found


def pages(lab: Lab, address: str, times: int) -> list[Figure]:
    """The page of settings, for who is signed in."""
    client = http.client.HTTPSConnection(PAGE, context=lab.tls)

    def ask(method: str, path: str, body: str | None = None, **headers: str) -> http.client.HTTPResponse:
        client.request(method, path, body, headers)
        return client.getresponse()

    form = ask("GET", "/sign-in")
    (token,) = re.findall(r'name="csrf_token" value="([^"]+)"', form.read().decode())
    fields = urlencode({"csrf_token": token, "user": address, "password": lab.password(address)})
    cookie = _cookie(form)
    answer = ask(
        "POST",
        "/sign-in",
        fields,
        **{
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": cookie,
            "Referer": f"https://{PAGE}/sign-in",
        },
    )
    answer.read()
    if answer.status != SEE_OTHER:
        raise RuntimeError(f"signing in at the page: {answer.status}")
    cookie = _cookie(answer)
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        answer = ask("GET", SETTINGS, Cookie=cookie)
        answer.read()
        seconds.append(time.perf_counter() - start)
        if answer.status != OK:
            raise RuntimeError(f"the page of settings: {answer.status}")
    client.close()
    return spread("page of settings", seconds)


def _cookie(answer: http.client.HTTPResponse) -> str:
    return "; ".join(each.partition(";")[0] for each in answer.headers.get_all("Set-Cookie", []))
