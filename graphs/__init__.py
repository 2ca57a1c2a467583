"""How a turn flows: wiring only."""
