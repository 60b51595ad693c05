"""A client of the service, on the command line. It needs httpx and nothing else of the service's packages."""
