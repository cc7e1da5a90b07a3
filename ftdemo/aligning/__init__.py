"""Alignment: from the votes, or a reward model learned from them, to a model that answers as people like."""
