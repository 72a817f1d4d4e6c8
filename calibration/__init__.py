"""How a calibration profile is made; applying one is the work of `firmware_py.posture.profile`."""
