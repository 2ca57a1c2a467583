"""How good the assistant is: datasets, evaluators, thresholds and the report."""
