"""``python -m pulumi_stack.provider ENGINE``: started by Pulumi's engine through bin/pulumi-resource-mailpair."""

from __future__ import annotations

import sys

from pulumi_stack.provider.server import serve

if __name__ == "__main__":
    serve(sys.argv[-1])
