"""Tests: unit/ and property/ of every pure step, acceptance/ timelines, integration/ on a real Kafka, faults/, bench/."""
