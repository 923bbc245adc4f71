"""What compliance uses of the world: files, and the rule language."""
