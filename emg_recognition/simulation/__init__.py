"""The simulated wearer, the simulated study and the simulated exoskeleton; ``docs/simulation.md`` has the model."""
