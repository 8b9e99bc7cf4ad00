"""Watches the sessions of a front end: limits for each user, timeouts, and the protocol log.

It runs on Debian's Python with nothing but the standard library, learns who is signed in from Dovecot's events, answers
Dovecot's question whether one more session is allowed, and asks the kernel how long each connection has been silent.

On a back end it is told of commands, and writes the protocol log alone. There :mod:`sessions.board` is a program by
itself, by which several front ends tell each other of guesses.
"""
