"""Questions about coefficients and their answers."""
