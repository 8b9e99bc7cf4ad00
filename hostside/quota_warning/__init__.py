"""Tells the owner of a mailbox that it is nearly full."""
