"""Preventative spend: budget lines told apart into primary, secondary and tertiary prevention, and what only reacts."""
