"""A job while it runs and when it has ended, for the tabs that start jobs."""
