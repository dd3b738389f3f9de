"""Journeys: small declared courses of messages over the same pipeline. Data in, proposals out."""
