"""Exercises on the page: which there are, what was done of them, when to be reminded."""
