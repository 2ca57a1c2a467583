"""Calculators: the only other place a number may come from."""
