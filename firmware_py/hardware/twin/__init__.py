"""What stands in for hardware: a chip by its registers, a wearer by their motion."""
