"""What waits in Postfix's queue, in the form of Prometheus' node exporter's text files."""
