"""Exchange's words: one record a parameter, the notations it is written in, and the values it means."""
