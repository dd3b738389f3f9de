"""Running Forewarn: containers, Prometheus, and a real Apache Kafka for one machine (demo and tests)."""
