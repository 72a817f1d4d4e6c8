"""Edges to the network: MQTT, the outbox on disk, the broker."""
