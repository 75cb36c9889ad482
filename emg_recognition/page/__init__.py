"""A page for the patient and the therapist: what it shows, what it may ask for, and its web server."""
