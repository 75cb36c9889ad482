"""What the live view reads of a graph, one file a part."""
