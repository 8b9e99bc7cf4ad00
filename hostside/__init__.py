"""Programs that run on a site's hosts, one package each: the standard library of Debian's Python alone."""
