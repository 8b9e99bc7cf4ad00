"""What the settings of a mail site mean, in pure Python: no Ansible, no Pulumi, no network, no subprocess."""
