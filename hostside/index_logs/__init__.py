"""Mends Dovecot's index logs after a power failure."""
