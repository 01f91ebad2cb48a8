"""What the rules know of the world: mailbox providers, domains that many share, legal forms, the rules themselves."""
