"""From an objective to its maximum, and to what is known of how the search ended."""
