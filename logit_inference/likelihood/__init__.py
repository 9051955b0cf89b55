"""The arithmetic of likelihoods: pure functions of a block of rows and of coefficients."""
