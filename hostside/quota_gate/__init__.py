"""A milter for Postfix: refuses mail from users, and for mailboxes, that have reached their quotas."""
