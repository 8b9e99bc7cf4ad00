# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's half of its CAs and certificates: a step of the program that is on the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificates
short_description: A host's own CAs, whom it trusts, and its certificates, with keys that never leave it
description:
  - The action plugin of this name has the site's root sign what this module requests, and tells it whom to trust. The
    work is done by the program C(renewal), which the role of that name brings to the host, and which a timer starts as
    well.
  - V(enrol) makes the host's CAs where they are missing, revoked, for other names than planned, of another root, or in
    the last third of their lives.
  - V(trust) writes the lists of roots and of peers' CAs, and has services load them.
  - V(issue) renews certificates that are due. Services load them later in the run.
  - V(revoke) touches no host. It takes a server's CA off the controller's list and notes its key, so that V(trust) ends
    the trust in it on each host, and V(enrol) makes other keys on that server.
  - V(fetch) has CAs of others issue what is due, and services load it. What can't be had is a warning, since a
    certificate of the host's own CA is served meanwhile, and the timer tries again.
options:
  step:
    description: What is to be done; V(install) is the second half of V(enrol) and the action plugin's own.
    type: str
    choices: [enrol, install, trust, issue, fetch, revoke]
    required: true
  server:
    description: Whose keys V(revoke) is about.
    type: str
  plan:
    description: The values of the role C(renewal). The action plugin passes on what the program needs.
    type: dict
  keep:
    description: Whether V(trust) leaves what was trusted before, but for keys that were revoked.
    type: bool
    default: true
  configuration:
    description: The program's configuration. The action plugin fills it in.
    type: dict
  programs:
    description: The folder of the program. The action plugin fills it in.
    type: path
  told:
    description: What the controller knows. The action plugin fills it in.
    type: dict
attributes:
  check_mode: {support: full, description: Reports what would be renewed.}
  diff_mode: {support: none, description: Certificates say little to a reader.}
"""

EXAMPLES = r"""
- name: The host has CAs of its own
  mailpair.mail.certificates:
    step: enrol
    plan: "{{ renewal_plan }}"
"""

RETURN = r"""
reasons:
  description: Why each CA or certificate that was not right is renewed, by its name.
  returned: for V(enrol) and V(issue)
  type: dict
  sample: {peer: it is missing}
more:
  description: Whether the host trusts anybody of whom the controller does not speak, which O(keep=false) would end.
  returned: for V(trust), but in check mode before the first run, and for V(enrol) where it could be seen
  type: bool
settled:
  description: Whether V(trust) and V(issue) would find nothing to do, unless another host has a new CA.
  returned: for V(enrol)
  type: bool
"""

import json
import os
import tempfile

from ansible.module_utils.basic import AnsibleModule

STEPS = ["enrol", "install", "trust", "issue", "fetch", "revoke"]


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "step": {"type": "str", "choices": STEPS, "required": True},
            "plan": {"type": "dict"},
            "server": {"type": "str"},
            "keep": {"type": "bool", "default": True},
            "configuration": {"type": "dict"},
            "programs": {"type": "path"},
            "told": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    run(module)


def run(module: AnsibleModule) -> None:
    """Have the program do the step and end the module."""
    programs = module.params["programs"]
    if module.check_mode and not os.path.exists(os.path.join(programs, "renewal")):
        module.exit_json(changed=True, msg="the program that renews certificates would be there first")
    with tempfile.NamedTemporaryFile("w", dir=module.tmpdir, suffix=".json") as file:
        json.dump(module.params["configuration"], file)
        file.flush()
        command = ["/usr/bin/python3", "-B", "-m", "renewal", module.params["step"], "--configuration", file.name]
        code, out, err = module.run_command(
            [*command, *(["--pretend"] if module.check_mode else [])],
            data=json.dumps(module.params["told"]),
            environ_update={"PYTHONPATH": programs},
        )
    try:
        said = json.loads(out)
    except ValueError:
        said = None
    if code or said is None:
        module.fail_json(msg=f"certificates: {module.params['step']} ended with {code}: {err.strip() or out.strip()}")
    problems = said.get("problems", {})
    if problems and module.params["step"] == "fetch":
        for name, problem in sorted(problems.items()):
            module.warn(f"{name}: {problem}")
    elif problems:
        module.fail_json(msg="; ".join(f"{name}: {problem}" for name, problem in sorted(problems.items())), **said)
    module.exit_json(**said)


if __name__ == "__main__":
    main()
