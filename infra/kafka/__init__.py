"""Kafka on this machine: which jars (pom and sums), how a node is configured, how the JVM is started."""
