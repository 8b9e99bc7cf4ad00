"""The page at which users look up the settings of their mail programs, on front ends.

It runs there with Debian's packages, behind nginx, and imports nothing of mailpair: what it shows is a file that the
controller has made. It asks Dovecot about passwords, and has access to neither mail nor keys.
"""
