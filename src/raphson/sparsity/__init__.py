"""Where derivatives have entries, and how few products give them all. Nothing here knows a problem or a solver."""
