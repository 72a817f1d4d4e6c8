"""Alerts on the phone, through whatever services Apprise speaks to: rules, a durable queue, a courier."""
