"""What the service keeps: rows in SQLite or PostgreSQL, and the uploaded files beside them."""
