"""Faults done to real processes; `benchmarks/faults.py` does more of the same."""
