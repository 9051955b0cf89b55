"""The public entry points, and the result that they return."""
