"""Questions about a fit as a whole, and about its rows."""
