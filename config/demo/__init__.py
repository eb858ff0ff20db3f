"""The demonstration region: made by the platform's own services, none of it written into tables. Names are invented."""
