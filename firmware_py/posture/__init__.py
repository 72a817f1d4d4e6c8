"""The pure core: blocks of samples go in, events come out; no clock, bus, broker, file or page."""
