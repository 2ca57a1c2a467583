"""What agents may do: thin adapters whose docstrings a model reads."""
