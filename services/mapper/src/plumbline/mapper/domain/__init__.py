"""What the mapper decides: pure functions over what was read, without I/O and without a clock."""
