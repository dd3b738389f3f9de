"""Pure: liveness, topology and the lifecycle of outages."""
