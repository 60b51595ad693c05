"""A language model that reads a document beside the classifier: grounded in quotes that exist, and never the author of a label."""
