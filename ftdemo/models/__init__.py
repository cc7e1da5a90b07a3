"""Base models and where they come from; the registry of tuned models."""

from ftdemo.models.base import BaseModel, ensure_base_model
from ftdemo.models.progress import FetchProgress
from ftdemo.models.registry import Models

__all__ = ["BaseModel", "FetchProgress", "Models", "ensure_base_model"]
