"""Public recordings by name: where they are, under which licence, and how they become an archive."""
