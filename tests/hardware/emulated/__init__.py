"""A whole emulated machine with a real kernel, for what no test on this one can reach."""
