"""Stands between two of Postfix's SMTP servers and refuses what Postfix would not deliver as it came."""
