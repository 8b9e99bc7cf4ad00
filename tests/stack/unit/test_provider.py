"""The provider as the engine calls it: what it refuses, what it calls a change, what previews do."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckRequest,
    CreateRequest,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    PropertyDiffKind,
    ReadRequest,
    UpdateRequest,
)

from mailpair.applied import Applied, remember
from mailpair.site import load_written
from mailpair.state import SiteState
from pulumi_stack.errors import Problem, StackError
from pulumi_stack.process import Runner
from pulumi_stack.provider.image import Image
from pulumi_stack.provider.kind import Context, Field, Kind, Properties
from pulumi_stack.provider.log import EngineLog
from pulumi_stack.provider.machine import Machine
from pulumi_stack.provider.network import Network
from pulumi_stack.provider.playbook import Playbook
from pulumi_stack.provider.provider import MailpairProvider
from pulumi_stack.provider.record_set import RecordSet
from pulumi_stack.provider.values import UNKNOWN, plain_map, values


class Thing(Kind):
    """A kind of resource whose world is a dictionary."""

    token: ClassVar[str] = "mailpair:index:Thing"
    fields: ClassVar = {
        "place": Field(str, replaces=True),
        "colour": Field(str),
        "born": Field(str, replaces=None),
        "extra": Field(dict),
    }

    def __init__(self) -> None:
        self.world: dict[str, Any] = {}

    def check(self, inputs: Properties) -> list[Problem]:
        good = inputs["colour"] in ("red", "blue")
        return [] if good else [Problem("colour", repr(inputs["colour"]), "must be red or blue")]

    def outputs(self, inputs: Properties) -> dict[str, Any]:
        return {"number": UNKNOWN, "label": f"{inputs['colour']} thing", "drift": []}

    async def create(self, context: Context, inputs: Properties) -> tuple[str, dict[str, Any]]:
        return inputs["place"], await self.update(context, inputs, inputs)

    async def read(self, context: Context, state: Properties) -> dict[str, Any] | None:
        if state["place"] not in self.world:
            return None
        same = self.world[state["place"]] == state["colour"]
        return {**self.outputs(state), "number": 1, "drift": [] if same else ["colour"]}

    async def update(self, context: Context, old: Properties, new: Properties) -> dict[str, Any]:
        self.world[new["place"]] = new["colour"]
        return {**self.outputs(new), "number": 1}

    async def delete(self, context: Context, state: Properties) -> None:
        self.world.pop(state["place"], None)


URN = "urn:pulumi:lab::mailpair::mailpair:stack:FrontEnd$mailpair:index:Thing::a"
INPUTS: dict[str, Any] = {"place": "here", "colour": "red", "born": "then", "extra": {"port": 22, "list": ["x"]}}


@pytest.fixture
def thing() -> Thing:
    return Thing()


@pytest.fixture
def provider(thing: Thing) -> MailpairProvider:
    return MailpairProvider([thing], EngineLog("127.0.0.1:1"), Runner())


def create(provider: MailpairProvider, *, preview: bool = False) -> dict[str, Any]:
    response = asyncio.run(provider.create(CreateRequest(URN, values(INPUTS), 0, preview)))
    return plain_map(response.properties)


def diff(provider: MailpairProvider, old: dict[str, Any], **new: Any) -> DiffResponse:
    request = DiffRequest(URN, "here", values(old), values({**INPUTS, **new}), [])
    return asyncio.run(provider.diff(request))


def failures(provider: MailpairProvider, inputs: dict[str, Any], urn: str = URN) -> list[str]:
    response = asyncio.run(provider.check(CheckRequest(urn, {}, values(inputs), b"")))
    return [failure.reason for failure in response.failures or []]


def test_what_has_no_order_on_its_way_is_in_the_order_of_names() -> None:
    servers: dict[str, dict[str, str]] = {"front2": {}, "back1": {}, "front1": {}}
    assert list(plain_map(values({"servers": servers}))["servers"]) == ["back1", "front1", "front2"]


def test_values_go_there_and_back() -> None:
    data = {"text": "x", "number": 22, "part": 0.5, "flag": True, "none": None, "list": ["a", {"b": 1}], "map": {}}
    assert plain_map(values(data)) == data
    assert isinstance(values({"n": 1})["n"].value, float)


def test_all_wrong_inputs_are_told_at_once(provider: MailpairProvider) -> None:
    assert failures(provider, INPUTS) == []
    assert failures(provider, {**INPUTS, "colour": "green"}) == ["colour: 'green': must be red or blue"]
    assert failures(provider, {"place": "here", "colour": ["red"], "extra": {}, "size": "big"}) == [
        "size: 'big': is no input of this resource; it has place, colour, born, extra",
        "colour: ['red']: must be of type str",
        "born: missing: must be given",
    ]


def test_what_is_not_known_yet_is_not_judged(provider: MailpairProvider) -> None:
    assert failures(provider, {**INPUTS, "colour": UNKNOWN}) == []


def test_create_echoes_the_inputs(provider: MailpairProvider, thing: Thing) -> None:
    assert create(provider) == {**INPUTS, "number": 1, "label": "red thing", "drift": []}
    assert thing.world == {"here": "red"}


def test_previews_change_nothing(provider: MailpairProvider, thing: Thing) -> None:
    assert create(provider, preview=True) == {**INPUTS, "number": UNKNOWN, "label": "red thing", "drift": []}
    assert thing.world == {}
    old = create(provider)
    new = values({**INPUTS, "colour": "blue"})
    response = asyncio.run(provider.update(UpdateRequest(URN, "here", values(old), new, 0, [], preview=True)))
    assert plain_map(response.properties) == {**old, "colour": "blue", "label": "blue thing"}
    assert thing.world == {"here": "red"}


def test_no_change_is_no_change(provider: MailpairProvider) -> None:
    response = diff(provider, create(provider))
    assert (response.changes, response.diffs, response.replaces) == (False, [], [])


def test_a_change_is_made_in_place(provider: MailpairProvider) -> None:
    response = diff(provider, create(provider), colour="blue", extra={"port": 23, "list": ["x"]})
    assert (response.changes, response.diffs, response.replaces) == (True, ["colour", "extra"], [])
    assert response.detailed_diff["colour"].kind is PropertyDiffKind.UPDATE


def test_a_change_that_makes_it_anew(provider: MailpairProvider) -> None:
    response = diff(provider, create(provider), place="there")
    assert (response.changes, response.replaces, response.delete_before_replace) == (True, ["place"], True)
    assert response.detailed_diff["place"].kind is PropertyDiffKind.UPDATE_REPLACE


def test_what_only_mattered_at_birth_is_no_change(provider: MailpairProvider) -> None:
    assert not diff(provider, create(provider), born="now").changes


def test_ignored_changes_are_no_change(provider: MailpairProvider) -> None:
    old = values(create(provider))
    request = DiffRequest(URN, "here", old, values({**INPUTS, "colour": "blue"}), ["colour"])
    assert not asyncio.run(provider.diff(request)).changes


def test_drift_is_seen_and_is_a_change(provider: MailpairProvider, thing: Thing) -> None:
    state = create(provider)
    thing.world["here"] = "blue"
    response = asyncio.run(provider.read(ReadRequest(URN, "here", values(state), values(INPUTS))))
    seen = plain_map(response.properties)
    assert (response.resource_id, seen["drift"], plain_map(response.inputs)) == ("here", ["colour"], INPUTS)
    assert diff(provider, seen).diffs == ["drift"]
    updated = asyncio.run(
        provider.update(UpdateRequest(URN, "here", values(seen), values(INPUTS), 0, [], preview=False))
    )
    assert not diff(provider, plain_map(updated.properties)).changes


def test_what_is_gone_has_no_id(provider: MailpairProvider) -> None:
    state = create(provider)
    asyncio.run(provider.delete(DeleteRequest(URN, "here", values(state), 0)))
    response = asyncio.run(provider.read(ReadRequest(URN, "here", values(state), values(INPUTS))))
    assert response.resource_id is None


def test_import_is_refused(provider: MailpairProvider) -> None:
    with pytest.raises(StackError) as error:
        asyncio.run(provider.read(ReadRequest(URN, "here", {}, {})))
    assert str(error.value) == "mailpair:index:Thing: 'here': can't be imported; let pulumi up make it"


def test_an_unknown_type_is_refused(provider: MailpairProvider) -> None:
    with pytest.raises(StackError) as error:
        failures(provider, {}, "urn:pulumi:lab::mailpair::mailpair:index:Cloud::a")
    assert str(error.value) == ("type: 'mailpair:index:Cloud': is no resource of mailpair; it has mailpair:index:Thing")


def test_the_programs_configuration_stays_out_of_the_providers(provider: MailpairProvider) -> None:
    inputs = {"servers": PropertyValue("[]"), "version": PropertyValue("0.1.0")}
    response = asyncio.run(provider.check_config(CheckRequest("", {}, inputs, b"")))
    assert plain_map(response.inputs or {}) == {"version": "0.1.0"}


MACHINE: dict[str, Any] = {
    "stack": "lab",
    "owner": "/srv/mail",
    "name": "front1",
    "fqdn": "front1.contoso.test",
    "bridge": "mp-lab",
    "address": "10.213.0.11/24",
    "address6": "fd00::b/64",
    "gateway": "10.213.0.1",
    "image": "/cache/images/trixie",
    "site_dir": "/",
}


@pytest.mark.parametrize(
    ("kind", "inputs", "problems"),
    [
        (
            Image(),
            {"packages": ["less", "Not a name"]},
            ["packages[1]: 'Not a name': must be the name of a Debian package"],
        ),
        (
            Network(),
            {"stack": "lab", "owner": "/", "subnet": "10.0.0.0"},
            ["subnet: '10.0.0.0': must be a /29 or larger"],
        ),
        (Machine(), MACHINE, []),
        (
            Machine(),
            {**MACHINE, "name": "-", "address": "x", "site_dir": "/nowhere"},
            [
                (
                    "name: '-': must be a host name: a letter first, then letters, digits and hyphens, "
                    "40 characters at most"
                ),
                "address: Expected 4 octets in 'x': must be addresses with the length of their prefix",
                "site_dir: '/nowhere': must be the folder of a site",
            ],
        ),
    ],
)
def test_inputs_of_our_resources(kind: Kind, inputs: dict[str, Any], problems: list[str]) -> None:
    provider = MailpairProvider([kind], EngineLog("127.0.0.1:1"), Runner())
    assert failures(provider, inputs, f"urn:pulumi:lab::mailpair::{kind.token}::a") == problems


RECORDS: dict[str, Any] = {
    "server": "192.0.2.53",
    "port": 53,
    "zone": "contoso.test.",
    "key_name": "mailpair",
    "algorithm": "hmac-sha256",
    "key": "a2V5",
    "name": "mail.contoso.test.",
    "type": "A",
    "ttl": 60,
    "data": ["192.0.2.1"],
}


@pytest.mark.parametrize(
    ("changed", "problems"),
    [
        ({}, []),
        ({"name": "contoso.test.", "type": "TXT", "data": ["v=spf1 -all"]}, []),
        ({"name": "mail.fabrikam.test."}, ["name: 'mail.fabrikam.test.': must be in the zone contoso.test."]),
        ({"name": "notcontoso.test."}, ["name: 'notcontoso.test.': must be in the zone contoso.test."]),
        ({"type": "CNAME"}, ["type: 'CNAME': must be A, AAAA, MX, SRV or TXT"]),
        ({"data": []}, ["data: []: must be data of the type A"]),
        ({"data": ["mail"]}, ["data: ['mail']: must be data of the type A"]),
        ({"key": "not base64"}, ["key: [secret]: must be in base64"]),
        ({"key": ["a2V5"]}, ["key: [secret]: must be of type str"]),
    ],
)
def test_inputs_of_a_record_set(changed: dict[str, Any], problems: list[str]) -> None:
    provider = MailpairProvider([RecordSet()], EngineLog("127.0.0.1:1"), Runner())
    assert failures(provider, {**RECORDS, **changed}, f"urn:pulumi:lab::mailpair::{RecordSet.token}::a") == problems


def test_a_secret_is_marked_wherever_the_engine_is_told_it() -> None:
    class Safe(Thing):
        fields: ClassVar = {**Thing.fields, "key": Field(str, secret=True)}

    provider = MailpairProvider([Safe()], EngineLog("127.0.0.1:1"), Runner())
    inputs = values({**INPUTS, "key": "a2V5"})
    checked = asyncio.run(provider.check(CheckRequest(URN, {}, inputs, b"")))
    previewed = asyncio.run(provider.create(CreateRequest(URN, inputs, 0, preview=True)))
    created = asyncio.run(provider.create(CreateRequest(URN, inputs, 0, preview=False)))
    state = created.properties
    read = asyncio.run(provider.read(ReadRequest(URN, "here", state, inputs)))
    foreseen = asyncio.run(provider.update(UpdateRequest(URN, "here", state, inputs, 0, [], preview=True)))
    updated = asyncio.run(provider.update(UpdateRequest(URN, "here", state, inputs, 0, [], preview=False)))
    told = [checked.inputs, previewed.properties, state, read.properties, read.inputs, foreseen.properties]
    for each in (*told, updated.properties):
        assert each is not None
        assert each["key"] == PropertyValue("a2V5", is_secret=True)
        assert not each["colour"].is_secret


def test_records_under_another_name_are_made_anew_and_all_else_is_changed_in_place() -> None:
    provider = MailpairProvider([RecordSet()], EngineLog("127.0.0.1:1"), Runner())
    urn = f"urn:pulumi:lab::mailpair::{RecordSet.token}::a"
    other = {key: f"other-{each}" if isinstance(each, str) else each for key, each in RECORDS.items()}
    other |= {"port": 54, "ttl": 61, "data": ["192.0.2.2"]}
    response = asyncio.run(provider.diff(DiffRequest(urn, "a", values({**RECORDS, "drift": []}), values(other), [])))
    assert (set(response.diffs), response.replaces) == (set(RECORDS), ["zone", "name", "type"])


def test_inputs_of_a_playbook() -> None:
    provider = MailpairProvider([Playbook()], EngineLog("127.0.0.1:1"), Runner())
    inputs = {"inventory": {}, "site_dir": "/nowhere", "playbook": "playbooks/none.yml", "digest": ""}
    root = Path(__file__).parents[3]
    assert failures(provider, inputs, "urn:pulumi:lab::mailpair::mailpair:index:Playbook::a") == [
        f"playbook: 'playbooks/none.yml': must be a playbook below {root}",
        "site_dir: '/nowhere': must be the folder of a site",
    ]


def test_a_preview_tells_what_a_playbook_would_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site.yml").write_text("mailpair_site: {accepted_domains: [contoso.test]}\n")
    (tmp_path / "mailboxes.yml").write_text(
        "mailpair_mailboxes: {a@contoso.test: {server: back1, kind: administrator}}\n"
    )
    front = {"front1": {"ansible_host": "10.0.0.11"}}
    inventory = {"all": {"children": {"client_access": {"hosts": front}, "mailbox": {"hosts": {"back1": {}}}}}}
    inputs = {"inventory": inventory, "site_dir": str(tmp_path), "playbook": "playbooks/site.yml", "digest": "1"}
    log = EngineLog("127.0.0.1:1")
    told: list[str] = []
    monkeypatch.setattr(log, "say", lambda _, text, *, passing: told.append(f"{text} {passing}"))
    provider = MailpairProvider([Playbook()], log, Runner())
    urn = "urn:pulumi:lab::mailpair::mailpair:index:Playbook::a"
    old = {**inputs, "stamp": "1", "private": "", "drift": []}

    def preview(**new: Any) -> list[str]:
        told.clear()
        asyncio.run(
            provider.update(UpdateRequest(urn, "a", values(old), values({**inputs, **new}), 0, [], preview=True))
        )
        return list(told)

    assert preview() == ["Nothing was applied from here yet: a run configures every server. False"]
    loaded = load_written(tmp_path)
    remember(SiteState(tmp_path), "front1", Applied({**loaded.settings, "imap_settings.banner": "Hello."}, (), {}))
    assert preview()[:2] == [
        "Settings that differ from what was last applied to front1: False",
        "  imap_settings.banner: Hello. -> The IMAP4 service is ready. False",
    ]
    # What is wrong with documents is told by those who need them.
    (tmp_path / "site.yml").write_text("")
    assert preview() == []
    assert preview(digest=UNKNOWN) == []


def test_a_newer_image_leaves_a_machine_alone() -> None:
    provider = MailpairProvider([Machine()], EngineLog("127.0.0.1:1"), Runner())
    urn = "urn:pulumi:lab::mailpair::mailpair:index:Machine::a"
    old = {**MACHINE, "instance": "1", "made_from": "trixie", "drift": []}
    new = {**MACHINE, "image": "/cache/images/newer"}
    assert not asyncio.run(provider.diff(DiffRequest(urn, "a", values(old), values(new), []))).changes
