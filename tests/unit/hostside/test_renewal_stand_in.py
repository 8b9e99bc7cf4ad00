"""Until somebody else's CA has issued a certificate, one of the host's own stands in for it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hostside.renewal import due, openssl, renew, signing, source_private
from hostside.renewal.configuration import Certificate, Configuration
from hostside.renewal.sources import Source, SourceError

if TYPE_CHECKING:
    from pathlib import Path

NAME = "mail.contoso.test"
STANDS_IN = "one of this host's own CA stands in for it"


def authority(folder: Path, name: str) -> dict[str, str]:
    """A CA for one name, as a source's options."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    openssl.make_key(key, "ecdsa")
    wanted = signing.Wanted(name, signing.authority_extensions([NAME], "server"), 730)
    certificate.write_text(signing.sign(wanted, key, None, key))
    return {"ca_certificate": str(certificate), "ca_key": str(key)}


@pytest.fixture
def known(tmp_path: Path) -> Configuration:
    """A host with a CA of its own, that wants a certificate of another."""
    options = {"ca": authority(tmp_path, "another"), "stand_in": authority(tmp_path, "own")}
    mail = Certificate("mail", "acme", tmp_path / "mail.pem", tmp_path / "mail.key", (NAME,), options=options)
    return Configuration(
        directory=tmp_path,
        roots=tmp_path / "roots.pem",
        peers=tmp_path / "peers.pem",
        metrics=tmp_path / "file.prom",
        lock=tmp_path / "lock",
        authorities=(),
        certificates=(mail,),
        reloads={},
    )


def there(wanted: Certificate, folder: Path) -> None:
    """The other CA issues what it is asked for."""
    source_private.obtain(replace(wanted, options=wanted.options["ca"]), folder)


def away(wanted: Certificate, folder: Path) -> None:
    """The other CA does not answer."""
    raise SourceError("Connection refused")


def issue(known: Configuration, source: Source | None, *forced: str) -> renew.Issued:
    """A run with the other CA as it is; None: it is not to be asked yet."""
    return renew.issue(known, forced, {"acme": source} if source else {})


def issuer(known: Configuration) -> str:
    """Who issued what is served."""
    return openssl.run("x509", "-noout", "-issuer", data=known.certificates[0].certificate.read_text()).strip()


def test_services_have_a_certificate_before_the_other_ca_is_asked(known: Configuration) -> None:
    assert renew.due_now(known, {}) == {"mail": "it is missing"}
    assert issue(known, None) == renew.Issued({"mail": "it is missing"}, {})
    assert issuer(known) == "issuer=CN = own"
    assert issue(known, None) == renew.Issued({}, {})
    assert renew.due_now(known, {}) == {}


def test_the_other_ca_s_takes_its_place(known: Configuration) -> None:
    issue(known, None)
    assert issue(known, there) == renew.Issued({"mail": STANDS_IN}, {})
    assert issuer(known) == "issuer=CN = another"
    assert issue(known, there) == renew.Issued({}, {})
    assert due.reason_to_stand_in(known.certificates[0], time.time()) is None


def test_it_is_tried_again_for_as_long_as_one_stands_in(known: Configuration) -> None:
    for _ in range(2):
        assert issue(known, away).failed == {"mail": f"{STANDS_IN}, and it could not be renewed: Connection refused"}
        assert issuer(known) == "issuer=CN = own"


def test_nothing_stands_in_for_a_certificate_that_is_good(known: Configuration) -> None:
    issue(known, there)
    before = known.certificates[0].certificate.read_text()
    refused = "it was asked for, and it could not be renewed: Connection refused"
    assert issue(known, away, "mail") == renew.Issued({}, {"mail": refused})
    assert known.certificates[0].certificate.read_text() == before


def test_names_that_changed_are_asked_for_and_the_former_certificate_goes_on(known: Configuration) -> None:
    issue(known, there)
    other = replace(known.certificates[0], names=(NAME, f"imap.{NAME}"))
    assert "its names changed" in issue(replace(known, certificates=(other,)), away).failed["mail"]
    assert issuer(known) == "issuer=CN = another"


def test_what_stands_in_is_renewed_as_well(known: Configuration) -> None:
    issue(known, away)
    wanted = known.certificates[0]
    assert due.reason_to_stand_in(wanted, time.time() + 25 * 86400) == "less than a third of its life is left"
