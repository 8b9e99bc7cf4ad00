"""What is told of a queue, and what is not."""

from __future__ import annotations

import json

from hostside.queue_metrics.__main__ import text


def test_queues_are_counted_and_nobody_is_named() -> None:
    who = {"sender": "ada@contoso.test", "recipients": [{"address": "bob@contoso.test"}]}
    queues = [("deferred", 100), ("deferred", 400), ("active", 990)]
    told = text((json.dumps({"queue_name": name, "arrival_time": at, **who}) for name, at in queues), 1000.0)
    lines = told.splitlines()
    assert told.endswith("\n")
    assert [line for line in lines if "deferred" in line or "active" in line] == [
        'mailpair_queue_messages{queue="active"} 1',
        'mailpair_queue_messages{queue="deferred"} 2',
        'mailpair_queue_oldest_seconds{queue="active"} 10',
        'mailpair_queue_oldest_seconds{queue="deferred"} 900',
    ]
    assert "@" not in told
    assert 'mailpair_queue_messages{queue="hold"} 0' in lines
    assert [line for line in lines if line.startswith("# TYPE")] == [
        "# TYPE mailpair_queue_messages gauge",
        "# TYPE mailpair_queue_oldest_seconds gauge",
    ]
