"""The year's tables: what a year's labels, given by people or proposed by a model, say as counts, shares and changes."""
