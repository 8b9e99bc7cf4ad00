"""Hosts that are systemd-nspawn machines of the machine that Pulumi runs on."""
