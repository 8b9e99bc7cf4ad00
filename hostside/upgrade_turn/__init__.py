"""Says whether it is this host's turn to take updates: not while a front end is not well."""
