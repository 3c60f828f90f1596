"""Views: pure functions from the index to answers, and how answers are encoded."""
