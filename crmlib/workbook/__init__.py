"""Workbooks: loading, checking, building and copying them."""
