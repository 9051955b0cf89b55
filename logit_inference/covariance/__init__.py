"""Covariances of a fit's coefficients, each a function of the fit."""
