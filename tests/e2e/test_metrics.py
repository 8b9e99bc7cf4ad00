"""Figures for a real Prometheus: who reads them, what they say, which alerts they raise."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.e2e.support import clients, ports
from tests.e2e.support.debian import DATA, Debian, debian
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.outside import Outside
    from tests.e2e.support.stack import Stack

MONITORING = Path(__file__).parents[2] / "monitoring"
PORTS = {"mailpair-host": 9100, "mailpair-dovecot": 9900}
ASK = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())"


@dataclass
class Prometheus:
    """It runs on the outside host, and is asked there."""

    host: Outside
    root: Debian
    folder: str = DATA

    def ask(self, query: str) -> list[dict[str, Any]]:
        """What an expression is now: labels and values."""
        url = "http://127.0.0.1:9090/api/v1/query?" + urllib.parse.urlencode({"query": query})
        told: dict[str, Any] = json.loads(self.host.python(ASK, url))
        result: list[dict[str, Any]] = told["data"]["result"]
        return result

    def run(self, *command: str) -> str:
        """Both outputs of a program of its root."""
        done = subprocess.run(self.root.command(self.host, *command), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def read(lab: Lab, stack: Stack, outside: Outside) -> Iterator[None]:
    """The outside host may read figures; at the end nobody may."""
    stack.edit({"mailpair_site": {"metrics": {"remote_ip_ranges": [outside.address]}}})
    stack.playbook(stack.plain_inventory())
    for host in lab.hosts:
        host.run("systemctl start mailpair-renewal")  # which writes of certificates, and would so within hours
    yield
    stack.restore()
    stack.playbook(stack.plain_inventory())
    for host in lab.hosts:
        listening = host.run("ss -Hltn | awk '{print $4}'")
        assert not re.search(":(9100|9900)$", listening, re.MULTILINE)
        assert host.run("systemctl is-active mailpair-queue.timer", check=False).strip() == "inactive"


@pytest.fixture(scope="module")
def prometheus(
    read: None, lab: Lab, outside: Outside, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """Debian's Prometheus with the project's rules, which reads both hosts each second and waits with no alert."""
    with debian(tmp_path_factory.mktemp("prometheus"), "prometheus") as root:
        for file in MONITORING.glob("*.yml"):
            (root.data / file.name).write_text(file.read_text())
        at_once = re.sub("^ +for: .*\n", "", (MONITORING / "alerts.yml").read_text(), flags=re.MULTILINE)
        (root.data / "now.yml").write_text(at_once)
        jobs = [
            {"job_name": job, "static_configs": [{"targets": [f"{host.address}:{port}" for host in lab.hosts]}]}
            for job, port in PORTS.items()
        ]
        every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config = {"global": every, "rule_files": ["now.yml"], "scrape_configs": jobs}
        (root.data / "prometheus.yml").write_text(yaml.safe_dump(config))
        words = [f"--config.file={DATA}/prometheus.yml", f"--storage.tsdb.path={DATA}/db"]
        command = root.command(outside, "/usr/bin/prometheus", *words, "--web.listen-address=127.0.0.1:9090")
        with (root.data / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
            found = Prometheus(outside, root)
            try:
                until(lambda: is_ready(outside), "Prometheus")
                yield found
            finally:
                process.terminate()


def is_ready(host: Outside) -> bool:
    """Whether it answers."""
    try:
        return "Ready" in host.python(ASK, "http://127.0.0.1:9090/-/ready")
    except subprocess.CalledProcessError:
        return False


def texts(lab: Lab, outside: Outside) -> dict[tuple[str, str], str]:
    """All figures, by host and job."""
    return {
        (host.name, job): outside.python(ASK, f"http://{host.address}:{port}/metrics")
        for host in lab.hosts
        for job, port in PORTS.items()
    }


def test_prometheus_reads_all_servers_and_nobody_else_does(lab: Lab, prometheus: Prometheus) -> None:
    everyone = {(job, f"{host.address}:{port}") for host in lab.hosts for job, port in PORTS.items()}

    def up() -> set[tuple[str, str]]:
        return {(each["metric"]["job"], each["metric"]["instance"]) for each in prometheus.ask("up == 1")}

    until(lambda: up() == everyone, "all servers read")
    for host in lab.hosts:
        assert not [port for port in PORTS.values() if ports.is_open(host.address, port)]


def test_figures_say_what_happens_and_nobody_s_name(lab: Lab, outside: Outside, prometheus: Prometheus) -> None:
    def figure(host: str, job: str, name: str) -> float:
        (value,) = re.findall(rf"^{re.escape(name)} (\S+)$", texts(lab, outside)[host, job], re.MULTILINE)
        return float(value)

    names = {"front1": "dovecot_sign_ins_total", "back1": "dovecot_imap_commands_total"}
    before = {host: figure(host, "mailpair-dovecot", name) for host, name in names.items()}
    with clients.imap(lab, "ada@contoso.test") as client:
        client.noop()

    def counted() -> bool:
        return all(figure(host, "mailpair-dovecot", name) > before[host] for host, name in names.items())

    until(counted, "a sign-in and a command are counted")
    for queue in ("active", "deferred", "incoming"):
        assert figure("front1", "mailpair-host", f'mailpair_queue_messages{{queue="{queue}"}}') >= 0
    assert figure("back1", "mailpair-host", 'mailpair_certificate_left_seconds{name="peer"}') > 0
    said = "".join(texts(lab, outside).values())
    assert not [name for name in ("ada", "bob", "contoso.test:", "@contoso.test") if re.search(rf"\b{name}\b", said)]


def test_an_alert_when_a_back_end_is_stopped(lab: Lab, prometheus: Prometheus) -> None:
    wanted = f'ALERTS{{alertname="MailpairDovecotAway", alertstate="firing", instance="{lab.back.address}:9900"}}'
    assert prometheus.ask(wanted) == []
    lab.back.run("systemctl stop dovecot")
    try:
        until(lambda: prometheus.ask(wanted), "an alert")
        firing = {each["metric"]["alertname"] for each in prometheus.ask('ALERTS{alertstate="firing"}')}
        assert "MailpairServerAway" not in firing
    finally:
        lab.back.run("systemctl start dovecot")
    until(lambda: not prometheus.ask(wanted), "the alert's end")


def test_rules_hold_by_prometheus_own_tool(prometheus: Prometheus) -> None:
    assert "9 rules found" in prometheus.run("/usr/bin/promtool", "check", "rules", f"{DATA}/alerts.yml")
    assert "SUCCESS" in prometheus.run("/usr/bin/promtool", "test", "rules", f"{DATA}/alerts_test.yml")


def test_each_panel_of_the_dashboard_shows_something(prometheus: Prometheus) -> None:
    board = json.loads((MONITORING / "dashboard.json").read_text())
    asked = {panel["title"]: target["expr"] for panel in board["panels"] for target in panel["targets"]}
    assert len(asked) == len(board["panels"])

    def empty() -> list[str]:
        return [title for title, expression in asked.items() if not prometheus.ask(expression)]

    until(lambda: not empty(), "figures for all panels")
