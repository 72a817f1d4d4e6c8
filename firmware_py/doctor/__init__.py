"""`plumbline doctor`: from the computer to the broker, what was seen, whether it is good, what to do.

`walk.examine` looks, `finding.as_text` and `finding.as_json` tell.
"""
