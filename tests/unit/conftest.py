"""How unit tests look for counterexamples."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# No example fails for being slow, on a machine that does other things as well.
settings.register_profile("unit", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unit")
