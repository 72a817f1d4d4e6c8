"""Accuracy and cost beside the peers; each file is one command that prints one table."""
