"""What a certificate says of itself, as openssl says it."""

from __future__ import annotations

import subprocess

import pytest

from mailpair.watch.facts import facts
from tests.unit.watch.issuing import issued


@pytest.mark.parametrize("serial", [0x1, 0xABC, 0xABCD, 0x80, 2**158 - 1])
def test_a_serial_number_is_as_openssl_prints_it(serial: int) -> None:
    pem = issued("mail.contoso.test", serial=serial)
    command = ["openssl", "x509", "-noout", "-serial"]
    printed = subprocess.run(command, input=pem, capture_output=True, text=True, check=True).stdout
    assert f"serial={facts(pem).serial}\n" == printed
