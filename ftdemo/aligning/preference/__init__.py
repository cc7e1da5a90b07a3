"""Learning from votes without a reward model: DPO from pairs, KTO from thumbs."""
