"""Presentation: the only room that draws."""
