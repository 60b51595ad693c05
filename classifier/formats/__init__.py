"""Formats without fixed pages: each module turns one of them into pages of blocks."""
