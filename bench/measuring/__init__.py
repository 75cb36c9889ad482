"""What the benches on recordings share."""
