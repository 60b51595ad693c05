"""Tests of the service: a real server process, a real database, real files."""
