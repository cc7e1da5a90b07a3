"""The tab Feedback: every vote with its history."""
