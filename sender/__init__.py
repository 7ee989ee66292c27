"""Sends a month of station energy from the warehouse to CARBURE."""
