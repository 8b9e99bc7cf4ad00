# SPDX-License-Identifier: GPL-3.0-or-later
"""Has the site's CA on the controller sign what a host requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from mailpair.authority import AuthorityError
from mailpair.state import SiteState, StateError

MODULE = "mailpair.mail.certificates"


class ActionModule(ActionBase):
    """See the documentation of the module of the same name."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the host, sign, answer."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        site_dir = Path(self._templar.template(variables.get("mailpair_site_dir") or variables["inventory_dir"]))
        state = SiteState(site_dir)
        try:
            if self._task.check_mode and not state.ca_certificate.exists():
                return {"changed": True, "msg": f"{state.ca_certificate} would be made, and all certificates"}
            authority = state.certificate_authority()
            arguments = {**self._task.args, "ca_pem": authority.certificate_pem}
            asked: dict[str, Any] = self._execute_module(MODULE, module_args=arguments, task_vars=variables)
            requests = asked.pop("requests", {})
            if asked.get("failed") or not requests:
                return asked
            wanted = {each["certificate"]: each for each in arguments["certificates"]}
            signed = {
                path: authority.sign(
                    request,
                    names=wanted[path]["names"],
                    addresses=wanted[path].get("addresses", []),
                    usage=wanted[path]["usage"],
                    days=wanted[path]["days"],
                )
                for path, request in requests.items()
            }
        except (AuthorityError, StateError) as error:
            raise AnsibleActionFail(str(error)) from None
        answered: dict[str, Any] = self._execute_module(
            MODULE, module_args={**arguments, "signed": signed}, task_vars=variables
        )
        return {**answered, "reasons": asked["reasons"]} if not answered.get("failed") else answered
