# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of a host's CAs: its root signs what hosts request, and it knows whom peers are to trust."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from mailpair.authorities import Authorities
from mailpair.authority import AuthorityError
from mailpair.state import SiteState, StateError

MODULE = "mailpair.mail.certificates"


class ActionModule(ActionBase):
    """See the documentation of the module of the same name."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do a step on the host, with what the controller knows for it."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        site_dir = Path(self._templar.template(variables.get("mailpair_site_dir") or variables["inventory_dir"]))
        state = SiteState(site_dir)
        plan: dict[str, Any] = self._task.args.get("plan", {})
        try:
            if self._task.check_mode and not state.ca_certificate.exists():
                return {"changed": True, "msg": f"{state.ca_certificate} would be made, and all certificates"}
            match self._task.args["step"]:
                case "revoke":
                    return self._revoke(state, str(self._task.args["server"]))
                case "enrol":
                    return self._enrol(state, plan, variables)
                case "trust":
                    return self._host(plan, "trust", _trusted(state, plan, **self._options()), variables)
                case step:
                    return self._host(plan, step, {}, variables)
        except (AuthorityError, StateError) as error:
            raise AnsibleActionFail(str(error)) from None

    def _revoke(self, state: SiteState, server: str) -> dict[str, Any]:
        authorities = Authorities(state)
        if not self._task.check_mode:
            authorities.revoke(server)
        return {"changed": True, "msg": f"{server}: its keys are trusted no more once every host knows"}

    def _options(self) -> dict[str, bool]:
        return {"keep": bool(self._task.args.get("keep", True))}

    def _enrol(self, state: SiteState, plan: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        authorities = Authorities(state)
        roots = authorities.roots()
        trust = _trusted(state, plan, keep=True)
        told = {"roots": roots.pem, "above": roots.above, "revoked": list(authorities.revoked()), "trust": trust}
        known = authorities.peers()
        asked = self._host(plan, "enrol", told, variables)
        if asked.get("failed") or self._task.check_mode:
            return asked
        requests: dict[str, str] = asked.pop("requests", {})
        own: dict[str, str] = asked.pop("own", {})
        for pem in own.values():
            authorities.record(plan["server"], pem, name=plan["fqdn"], usage=plan["usage"])
        # What another host was told meanwhile did not speak of a CA that is news.
        news = any(known.get(plan["server"]) != pem for pem in own.values())
        asked["settled"] = asked.get("settled", False) and not news
        if requests:
            signed = {name: self._sign(state, plan, name, request) + roots.above for name, request in requests.items()}
            answered = self._host(plan, "install", {"signed": signed}, variables)
            if answered.get("failed"):
                return answered
        return asked

    @staticmethod
    def _sign(state: SiteState, plan: dict[str, Any], name: str, request: str) -> str:
        wanted = next(each for each in plan["configuration"]["authorities"] if each["name"] == name)
        return state.certificate_authority().sign_authority(
            request,
            subject=f"{plan['server']} of {state.certificate_authority().name}",
            names=wanted["names"],
            usage=wanted["usage"],
            days=wanted["days"],
        )

    def _host(self, plan: dict[str, Any], step: str, told: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        arguments = {
            "step": step,
            "configuration": plan["configuration"],
            "programs": plan["programs"],
            "told": told,
        }
        said: dict[str, Any] = self._execute_module(MODULE, module_args=arguments, task_vars=variables)
        return said


def _trusted(state: SiteState, plan: dict[str, Any], *, keep: bool) -> dict[str, Any]:
    """What a host is to trust; with ``keep`` what it trusted before as well, but for revoked keys."""
    authorities = Authorities(state)
    known = authorities.peers()
    listed = [known[name] for name in plan["peers"] if name in known]
    return {"peers": listed, "roots": authorities.roots().pem, "revoked": list(authorities.revoked()), "keep": keep}
