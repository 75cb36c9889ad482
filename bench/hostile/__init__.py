"""Hostile and damaged files of every kind: each module makes some and registers them in ``kinds``."""
