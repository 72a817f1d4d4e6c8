"""What the wearer looks at: ingest, store and pages."""
