"""Running the models that are compared: answers, likelihoods, scores."""
