"""Grafana boards and Prometheus rules, built from the metric catalogue."""
