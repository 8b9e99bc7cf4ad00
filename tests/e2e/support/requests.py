"""Requests over HTTP that nobody would have thought of, and what is answered to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_METHODS = (b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"TRACE", b"CONNECT", b"get", b"PRI")
_VERSIONS = (b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9.9")
_STEPS = (b"/", b"//", b"/..", b"/%2e%2e", b"/.", b"%00", b"?", b"&", b"#", b"%2f", b"%", b"\\", b"*", b"http://x/")
_HEADERS = (
    b"Content-Length: 0", b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: 99999999999999999999",
    b"Content-Length: 5\r\nContent-Length: 6", b"Transfer-Encoding: chunked", b"Transfer-Encoding: x, chunked",
    b"Transfer-Encoding : chunked", b"Expect: 100-continue", b"Upgrade: h2c", b"Connection: close",
    b"Content-Type: text/xml", b"X-Forwarded-For: 127.0.0.1", b" folded", b"nothing", b": empty", b"Host: x",
    b"Authorization: Basic Og==", b"Accept-Encoding: gzip", b"X: " + b"x" * 9000,
)  # fmt: skip
_BODIES = (b"", b"hello", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff\r\nx", b"GET / HTTP/1.1\r\n\r\n")


@dataclass(frozen=True)
class Answer:
    """One answer; ``body`` is empty for HEAD."""

    status: int
    body: bytes


def requests(paths: Sequence[bytes], hosts: Sequence[bytes], bodies: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Requests made of known paths, hosts and bodies, of what means something in HTTP, and of whatever else."""
    # A blank would end the path, and without a version behind it there is no header in the answer.
    other = st.binary(min_size=1, max_size=20).map(lambda each: bytes(byte for byte in each if byte > 32))
    path = st.lists(st.one_of(st.sampled_from([*paths, *_STEPS]), other), min_size=1, max_size=4).map(b"".join)
    header = st.one_of(st.sampled_from(_HEADERS), other)
    return st.builds(
        lambda method, path, version, host, headers, body: b"\r\n".join(
            [b"%s /%s %s" % (method, path.lstrip(b"/"), version), b"Host: " + host, *headers, b"", body]
        ),
        st.sampled_from(_METHODS),
        path,
        st.sampled_from(_VERSIONS),
        st.sampled_from(hosts),
        st.lists(header, max_size=4),
        st.one_of(st.sampled_from([*bodies, *_BODIES]), st.binary(max_size=200)),
    )


def answers(said: bytes, *, head: bool) -> Iterator[Answer]:
    """What was answered, one after the other; ``head`` says that the first request was for the header alone."""
    while said:
        header, _, said = said.partition(b"\r\n\r\n")
        status = int(header.split()[1])
        length = _LENGTH.search(header)
        size = int(length[1]) if length and not head else 0
        yield Answer(status, said[:size])
        said, head = said[size:], False
