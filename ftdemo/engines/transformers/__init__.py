"""The engine on transformers: all visitors' answers, of base and tuned models, are one batch."""
