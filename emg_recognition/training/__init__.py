"""From labelled recordings to a model bundle: splits, ensemble, selection, comparison, adaptation."""
