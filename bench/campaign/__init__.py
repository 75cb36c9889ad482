"""Parts of ``bench/chaos.py``: the graph, what goes wrong with it, and how the joints really moved."""
