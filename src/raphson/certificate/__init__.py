"""What an answer is worth, from f near x alone: its noise, H with errors, sections along weak directions, rules."""
