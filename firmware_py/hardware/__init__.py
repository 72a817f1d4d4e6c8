"""Edges to the world of wires: buses, chips, motors, buttons, and their twins."""
