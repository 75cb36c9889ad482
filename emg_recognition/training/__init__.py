"""From labelled recordings to a model bundle: splits, partition, ensemble, selection, report."""
