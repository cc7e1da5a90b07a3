"""Learning from a reward model by PPO (Schulman et al. 2017, arXiv:1707.06347).

A run repeats one step (`step.py`): answer prompts (`rollouts.py`), score the answers, take off what straying
from the reference model costs (`rewards.py`, `kl.py`), tell which tokens did better than expected
(`advantages.py`), and make those likelier, a little at a time (`losses.py`). All models involved share one
base in memory (`model.py`).
"""
