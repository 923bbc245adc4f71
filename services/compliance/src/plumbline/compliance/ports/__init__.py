"""What compliance needs of the world."""
