"""What crosses Kafka: the catalog of topics, the typed events, and their codecs. No Faust, no clock, no IO."""
