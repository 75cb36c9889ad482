"""The network, the model bundle, and the runtime that the classifier uses."""
