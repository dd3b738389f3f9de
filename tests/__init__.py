"""Tests: unit/ and property/ of pure steps, acceptance/ timelines, integration/ on a real Kafka, faults/, bench/."""
