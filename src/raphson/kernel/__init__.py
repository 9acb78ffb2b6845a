"""Records, numbers, spaces, statuses and traces: what every other room stands on."""
