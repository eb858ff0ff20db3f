"""Pages and middleware of accounts."""
