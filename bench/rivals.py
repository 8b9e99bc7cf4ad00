"""Other proxies on the front end itself, at ports of their own: the same machine, certificate, accounts and hashes.

Each checks a password's hash once, as ours does, or lets the back end check it:

- stock Dovecot: Debian's defaults and the fields of a proxy, as its manual has them; it checks the hash.
- nginx: its mail module asks a small program over HTTP, which checks the hash; since the module speaks no TLS to back
  ends, HAProxy beside it does that, with the front end's certificate.
- perdition: it checks no password, but gives it to the back end, over TLS; there the hash is checked.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import passwd_files, programs
from bench.programs import FOLDER, Programs
from mailpair.plan import places

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab

PACKAGES = ("haproxy", "libnginx-mod-mail", "perdition", "python3-argon2")
CERTIFICATE, KEY = f"{places.TLS_DIRECTORY}/mail.pem", f"{places.TLS_DIRECTORY}/mail.key"  # of the lab's document
ANSWERS_PORT, BRIDGE_IMAP, BRIDGE_POP = 8999, 19993, 19995


@dataclass(frozen=True)
class Rival:
    """One of them, and where it listens with TLS from the first byte."""

    name: str
    imap: int
    pop: int


RIVALS = (Rival("stock Dovecot", 4993, 4995), Rival("nginx", 5993, 5995), Rival("perdition", 6993, 6995))
PORTS = tuple(port for each in RIVALS for port in (each.imap, each.pop))

# Debian's python3-argon2 verifies what Dovecot's hashes are: the same library below.
ANSWERS = f"""\
import http.server, argon2
hasher = argon2.PasswordHasher()
def lines(protocol):
    with open(f"{FOLDER}/{{protocol}}", encoding="utf-8") as file:
        return dict(line.split(":::", 1)[0].split(":{{ARGON2ID}}", 1) for line in file)
known = {{protocol: lines(protocol) for protocol in ("imap", "pop3")}}
class Answers(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments): pass
    def do_GET(self):
        protocol, user = self.headers["Auth-Protocol"], self.headers["Auth-User"].lower()
        try:
            status = "OK" if hasher.verify(known[protocol][user], self.headers["Auth-Pass"]) else "no"
        except (KeyError, argon2.exceptions.VerificationError):
            status = "Invalid login or password"
        self.send_response(200)
        self.send_header("Auth-Status", status)
        self.send_header("Auth-Server", "127.0.0.1")
        self.send_header("Auth-Port", str({{"imap": {BRIDGE_IMAP}, "pop3": {BRIDGE_POP}}}[protocol]))
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", {ANSWERS_PORT}), Answers).serve_forever()
"""


def files(back: str) -> dict[str, str]:
    """What is written below FOLDER, by name; ``back`` is the back end's full name."""
    dovecot, nginx, _ = RIVALS
    services = "".join(
        f"""\
service {name}-login {{
  inet_listener {name} {{
    port = 0
  }}
  inet_listener {name}s {{
    port = {port}
    ssl = yes
  }}
}}
"""
        for name, port in (("imap", dovecot.imap), ("pop3", dovecot.pop))
    )
    bridges = "".join(
        f"""\
listen {name}
    bind 127.0.0.1:{port}
    server back {back}:{there} ssl crt {FOLDER}/peer.pem ca-file {places.PEERS_FILE} verify required verifyhost {back}
"""
        for name, port, there in (("imap", BRIDGE_IMAP, 1993), ("pop3", BRIDGE_POP, 1995))
    )
    doors = "".join(
        f"    server {{ listen {port} ssl; protocol {name}; {name}_auth plain; }}\n"
        for name, port in (("imap", nginx.imap), ("pop3", nginx.pop))
    )
    return {
        "dovecot.conf": f"""\
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
instance_name = mailpair-bench
base_dir = /run/dovecot-bench
protocols = imap pop3
ssl = required
ssl_server_cert_file = {CERTIFICATE}
ssl_server_key_file = {KEY}
ssl_client_ca_file = {places.PEERS_FILE}
ssl_client_cert_file = {places.PEER_CERTIFICATE}
ssl_client_key_file = {places.PEER_KEY}
passdb passwd-file {{
  passwd_file_path = {FOLDER}/%{{protocol}}
}}
userdb static {{
}}
{services}""",
        "nginx.conf": f"""\
load_module /usr/lib/nginx/modules/ngx_mail_module.so;
pid /run/nginx-bench.pid;
worker_processes auto;
error_log stderr warn;
events {{ worker_connections 4096; }}
mail {{
    auth_http 127.0.0.1:{ANSWERS_PORT}/;
    ssl_certificate {CERTIFICATE};
    ssl_certificate_key {KEY};
    ssl_protocols TLSv1.2 TLSv1.3;
{doors}}}
""",
        "haproxy.cfg": f"""\
defaults
    mode tcp
    timeout connect 5s
    timeout client 10m
    timeout server 10m
{bridges}""",
        "answers.py": ANSWERS,
        passwd_files.NAME: passwd_files.PROGRAM,
    }


def commands(back: str) -> dict[str, str]:
    """The command of each program, by the name of its unit."""
    perdition = RIVALS[2]
    common = (
        f"--no_daemon --no_bind_banner --no_lookup --username nobody --group nogroup --ssl_mode ssl_all "
        f"--ssl_cert_file {CERTIFICATE} --ssl_key_file {KEY} --ssl_ca_file {places.PEERS_FILE} "
        "--ssl_no_client_cert_verify"
    )
    return {
        "bench-dovecot": f"/usr/sbin/dovecot -F -c {FOLDER}/dovecot.conf",
        "bench-nginx": f"/usr/sbin/nginx -c {FOLDER}/nginx.conf -g 'daemon off;'",
        "bench-answers": f"/usr/bin/python3 {FOLDER}/answers.py",
        "bench-haproxy": f"/usr/sbin/haproxy -Ws -f {FOLDER}/haproxy.cfg",
        **{
            f"bench-perdition-{name}": f"/usr/sbin/perdition {common} --pid_file /run/bench-perdition-{name}.pid "
            f"--protocol {protocol} --listen_port {port} --outgoing_server {back}:{there}"
            for name, protocol, port, there in (
                ("imap", "IMAP4S", perdition.imap, places.DIRECT_IMAP_PORT),
                ("pop", "POP3S", perdition.pop, places.DIRECT_POP_PORT),
            )
        },
    }


def running(lab: Lab) -> AbstractContextManager[None]:
    """All of them, on the front end, while the context lasts."""
    back = lab.back.fqdn
    return programs.running(
        lab.front,
        Programs(
            packages=PACKAGES,
            files=files(back),
            commands=commands(back),
            ports=PORTS,
            inner=(ANSWERS_PORT, BRIDGE_IMAP, BRIDGE_POP),
            before=f"umask 077 && cat {places.PEER_CERTIFICATE} {places.PEER_KEY} > {FOLDER}/peer.pem"
            f" && {passwd_files.COMMAND}",
        ),
    )
