"""Weights as files, without torch: safetensors, shapes, a tuned model's files, merged adapters, GGUF."""
