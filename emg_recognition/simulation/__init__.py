"""The simulated wearer, study and exoskeleton; ``docs/concepts/simulation.md`` has the model."""
