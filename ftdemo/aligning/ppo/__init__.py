"""Learning from a reward model by PPO (Schulman et al. 2017, arXiv:1707.06347) and RLOO (arXiv:2402.14740).

A run (`trainer.py`) repeats one step (`step.py`): answer prompts and score the answers (`experience.py`),
take off what straying from the reference costs (`rewards.py`, `kl.py`), tell which tokens did better than
expected (`advantages.py`), and make those likelier, a little at a time (`losses.py`); `guards.py` warns and
ends a run that games its reward. All models involved share one base in memory (`model.py`).
"""
