"""The tab Samples: a file read and reported on, and the sets that were saved."""
