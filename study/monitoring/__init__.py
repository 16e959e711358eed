"""What a running study tells Prometheus, and how Prometheus and Grafana are set up to listen."""
