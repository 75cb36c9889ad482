"""The simulated wearer, study and exoskeleton; ``docs/simulation.md`` has the model."""
