"""The dashboard's budgets: `python -m benchmarks.dashboard`."""
