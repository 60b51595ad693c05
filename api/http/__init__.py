"""The service's HTTP side: routes that load, authorise and delegate, and errors as RFC 9457 problems."""
