"""Answers a CA that comes to see whether a name is the site's (HTTP-01, RFC 8555, section 8.3), on any front end."""
