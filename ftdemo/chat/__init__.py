"""Conversations: several models side by side, a chat that can be taken back, and what voters see of it."""
