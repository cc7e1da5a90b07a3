"""The tab Start here: the guided tour."""
