"""One module a training image; modules whose names begin with an underscore are their common furniture."""
