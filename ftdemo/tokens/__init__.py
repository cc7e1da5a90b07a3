"""Texts as the model reads them, without torch: the chat template, the tokeniser, sequences of ids."""
