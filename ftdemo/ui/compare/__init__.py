"""The tab Compare: one question, up to four models side by side."""
