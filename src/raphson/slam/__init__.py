"""Estimation on factor graphs: poses and landmarks from measurements between them."""
