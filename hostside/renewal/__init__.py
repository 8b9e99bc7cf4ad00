"""Renews a host's certificates, has services load them, and looks from outside whether they did."""
