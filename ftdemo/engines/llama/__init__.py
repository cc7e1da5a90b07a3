"""The engine on llama.cpp: one loaded base, adapters beside it, answers that take turns."""
