"""A milter for Postfix: limits of receive connectors that Postfix lacks, and their protocol log."""
