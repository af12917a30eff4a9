"""What watches events: detections, alerts, auto-lock."""
