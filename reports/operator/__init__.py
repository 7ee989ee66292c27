"""A folder for an operator who contests: what the rules compared, and what was sent."""
