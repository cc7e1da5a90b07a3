"""What people think of answers, and the preference data that training learns from."""
