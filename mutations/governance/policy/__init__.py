"""Who may do what, by rules that are text: Cedar policies, limits as data."""
