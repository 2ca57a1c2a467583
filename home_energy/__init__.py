"""What we know and keep, in plain Python that knows no LangGraph."""
