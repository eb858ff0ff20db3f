"""A bank beside the platform: it speaks the platform's bank protocol over HTTP and shares no code with it."""
