"""How a calibration profile is made; the core only applies one."""
