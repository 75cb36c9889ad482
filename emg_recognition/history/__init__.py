"""What the recordings of a person tell about their sessions over weeks."""
