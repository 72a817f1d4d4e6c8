"""Simulated devices, a real broker, a real PostgreSQL, real workers: `python -m benchmarks.fleet`."""
