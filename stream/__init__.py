"""Events to signals: the engine, the roles, outages, usage, and the command line."""
