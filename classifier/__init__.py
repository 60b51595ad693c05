"""Score English health and wellbeing strategies for prevention strength and tier coverage."""

__version__ = "0.1.0"
