"""Labelled recordings: what they hold, and the archive they are stored in."""
