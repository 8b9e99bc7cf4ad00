"""How unit tests look for counterexamples, and a plugin loader that knows the collection."""

from __future__ import annotations

from ansible.plugins.loader import init_plugin_loader
from hypothesis import HealthCheck, settings

# As Ansible's commands do at their start, before anything of a collection is imported. It can be done once a process.
init_plugin_loader()

# No example fails for being slow, on a machine that does other things as well.
settings.register_profile("unit", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unit")
