"""Looks whether the services of this front end answer, for keepalived."""
