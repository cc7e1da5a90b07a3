"""The tab Tune: the form, the running job, and runs compared."""
