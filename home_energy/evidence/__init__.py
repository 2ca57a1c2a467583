"""Passages, proof and the answer that carries it."""
