"""Recorded signals through the live path again: what a model does, and how well, to the bit."""
