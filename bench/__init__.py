"""How fast and how good: one file a question it answers."""
