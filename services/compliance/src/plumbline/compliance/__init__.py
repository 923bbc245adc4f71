"""compliance: checks papers by dated rules, and says which desk they belong to."""
