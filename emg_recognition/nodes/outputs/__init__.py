"""Where commands go: one module for each way to an exoskeleton, all with the interface of ``output``."""
