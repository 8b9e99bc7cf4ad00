from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleLookupError
from ansible.plugins.loader import lookup_loader

ROOT = Path(__file__).parents[3]


def query(*names: str, **options: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = lookup_loader.get("mailpair.mail.program").run(list(names), {}, **options)
    return found


def test_a_program_is_all_of_its_files() -> None:
    files = query("sessions", folder="/opt/x")
    assert [file["path"] for file in files] == [
        f"/opt/x/sessions/{path.name}" for path in sorted((ROOT / "hostside/sessions").glob("*.py"))
    ]
    assert files[0]["content"] == (ROOT / "hostside/sessions" / Path(files[0]["path"]).name).read_text()


def test_the_page_comes_with_its_texts_and_pictures() -> None:
    package = ROOT / "portal"
    files = {
        Path(file["path"]).relative_to("/usr/local/lib/mailpair/portal"): file["content"] for file in query("portal")
    }
    assert {"app.py", "texts/zh-TW.json", "templates/base.html", "static/page.css"} <= {str(path) for path in files}
    assert {path: (package / path).read_text() for path in files} == files
    assert not [path for path in files if path.suffix == ".pyc"]


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(AnsibleLookupError, match=r"^nothing: must be a package under "):
        query("nothing")
