"""Who may come in, and by which door."""
