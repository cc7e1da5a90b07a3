"""The model in PyTorch: loading, attention, packing, likelihoods, hidden states, sampling, saving."""
