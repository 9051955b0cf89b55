"""Quantities of interest on the scale that people read."""
