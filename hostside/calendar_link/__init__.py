"""Puts a link in the place of a meeting request, as a message is delivered."""
