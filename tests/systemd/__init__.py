"""The units started by a real systemd, in namespaces of its own."""
