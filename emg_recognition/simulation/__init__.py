"""The simulated wearer, study and exoskeleton; ``docs/concepts/simulation.md`` describes the model."""
