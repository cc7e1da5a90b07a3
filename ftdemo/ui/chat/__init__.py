"""The tab Chat & vote."""
