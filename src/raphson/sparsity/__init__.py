"""Sparsity patterns of derivatives, from traced functions. The door is `find`; here the rules register."""

from raphson.sparsity import control, table
