"""What the user wants kept."""
