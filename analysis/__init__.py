"""Tables, figures and reports from what `study` leaves in `results/`; needs no Ray."""
