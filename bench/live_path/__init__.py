"""Parts of ``bench/live.py``: the armband, who receives, the graph and LibEMG beside it."""
