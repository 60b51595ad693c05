"""The pages that people use in a browser. They show what the routes under /v1 give, and change things by those alone."""
