"""What tests of Ansible plugins share: a plugin loader that knows the collection."""

from __future__ import annotations

from ansible.plugins.loader import init_plugin_loader

# As Ansible's commands do at their start, before anything of a collection is imported. It can be done once a process.
init_plugin_loader()
