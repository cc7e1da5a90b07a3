"""Files row by row: their letters, lines and cells, not yet understood as samples or preferences."""
