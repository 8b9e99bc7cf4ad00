"""Backs a back end's mailboxes up with restic, and brings them back."""
