"""The Pulumi program: which hosts a site has, where they come from, and the playbook that configures them."""
