"""Who decides and speaks: one agent, one node, one file."""
