"""From a formula and a table to the columns of a design."""
