"""What compliance decides: pure functions over facts and rules, without I/O and without a clock."""
