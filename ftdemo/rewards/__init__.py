"""Reward models: how much would people like this answer?"""
