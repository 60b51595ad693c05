"""What people are shown: a page that stands alone, a table, plain lines."""
