"""The one signal path: causal filters, the window grid, settling, gaps, and its fingerprint."""
