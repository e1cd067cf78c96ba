"""Writes of rosters, hand-overs, the board and warnings. Each is atomic and raises a domain error."""
