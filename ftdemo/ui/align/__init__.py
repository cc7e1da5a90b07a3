"""The tab Align: reward models, the step that learns from votes or from one, and what came of it."""
