"""Families of documents: copies, near-copies, drafts, refreshes, addenda and joint strategies, and the text that many share."""
