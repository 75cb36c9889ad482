"""The one signal path: causal filters, window grid, settling, gaps and fingerprint; and signal quality."""
