"""Chat generation behind one protocol."""

from ftdemo.engines.protocol import ChatRequest, Engine, GenerationSettings, TokenEvent

__all__ = ["ChatRequest", "Engine", "GenerationSettings", "TokenEvent"]
