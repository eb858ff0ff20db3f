"""F1 1.0.0: afforestation, mountain closure, aerial seeding. One module an operation. Source: F1-afforestation.md."""
