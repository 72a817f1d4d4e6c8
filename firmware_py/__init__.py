"""All that runs on the body: sensor, filtering core, alerts and their delivery."""

__version__ = "0.1.0"
