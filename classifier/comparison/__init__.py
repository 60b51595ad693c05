"""Two scorings of the same documents side by side: what flipped, why, and what a person should look at."""
