"""A tax bureau's port beside the platform: it issues 数电发票 over HTTP and shares no code with it."""
