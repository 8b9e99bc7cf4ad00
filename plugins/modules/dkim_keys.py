# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that sign mail, and the records that make them known."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dkim_keys
short_description: Make keys for DKIM on the host that signs with them
description:
  - Makes each RSA key that is missing, in a file that its owner alone can read. A key that is there stays.
  - Says which record DNS needs for each. The private keys are never shown.
options:
  keys:
    description: Keys that must be there.
    type: list
    elements: dict
    required: true
    suboptions:
      domain: {description: The domain that the key signs for., type: str, required: true}
      selector: {description: What tells the domain's keys apart in DNS., type: str, required: true}
      path: {description: The file that holds the private key., type: path, required: true}
  size:
    description: How many bits a new key has.
    type: int
    default: 2048
  owner:
    description: The user and the group on the host that keys belong to.
    type: str
    required: true
attributes:
  check_mode: {support: full, description: Reports which keys would be made; their records are not known yet.}
  diff_mode: {support: none, description: Keys are secret.}
"""

EXAMPLES = r"""
- name: The key of contoso.test
  mailpair.mail.dkim_keys:
    owner: opendkim
    keys:
      - domain: contoso.test
        selector: mailpair-front1
        path: /etc/opendkim/keys/contoso.test/mailpair-front1.private
"""

RETURN = r"""
records:
  description: Lines of a zone file (RFC 6376, RFC 1035), one a key.
  returned: always
  type: list
  elements: str
  sample: ['mailpair-front1._domainkey.contoso.test. IN TXT "v=DKIM1; h=sha256; k=rsa; p=MIIB..." "..."']
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mailpair.mail.plugins.module_utils.files import Wanted, ids

# A string of a TXT record holds up to 255 bytes.
_STRING = 255


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "keys": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "no_log": False,
                "options": {
                    "domain": {"type": "str", "required": True},
                    "selector": {"type": "str", "required": True},
                    "path": {"type": "path", "required": True},
                },
            },
            "size": {"type": "int", "default": 2048},
            "owner": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    run(module)


def run(module: AnsibleModule) -> None:
    """Make what is missing and end the module."""
    owner: str = module.params["owner"]
    actions: list[str] = []
    records: list[str] = []
    if ids(owner, owner) == ids("", "") and not module.check_mode:
        module.fail_json(
            msg=f"there is no user and group {owner} here; run playbooks/site.yml first, with dkim_signing_configs"
        )
    for key in module.params["keys"]:
        path = key["path"]
        if not os.path.exists(path):
            actions.append(f"made {path}")
            if not module.check_mode:
                _make(module, path, owner)
        if os.path.exists(path):
            records.append(record(key["domain"], key["selector"], _public(module, path)))
    module.exit_json(changed=bool(actions), actions=actions, records=records)


def _make(module: AnsibleModule, path: str, owner: str) -> None:
    folder = os.path.dirname(path)
    for each in (os.path.dirname(folder), folder):
        os.makedirs(each, mode=0o750, exist_ok=True)
        os.chown(each, *ids("root", owner))
    bits = f"rsa_keygen_bits:{module.params['size']}"
    _, pem, _ = module.run_command(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", bits], check_rc=True)
    Wanted(path, pem.encode(), owner, owner, 0o600).put()


def _public(module: AnsibleModule, path: str) -> str:
    _, pem, _ = module.run_command(["openssl", "pkey", "-in", path, "-pubout"], check_rc=True)
    return "".join(line for line in pem.splitlines() if not line.startswith("-----"))


def record(domain: str, selector: str, public: str) -> str:
    """The line of a zone file for a public key (base64 of its DER form)."""
    text = f"v=DKIM1; h=sha256; k=rsa; p={public}"
    strings = " ".join(f'"{text[start : start + _STRING]}"' for start in range(0, len(text), _STRING))
    return f"{selector}._domainkey.{domain}. IN TXT {strings}"


if __name__ == "__main__":
    main()
