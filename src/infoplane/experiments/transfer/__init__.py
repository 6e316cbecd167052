"""S4: transfer entropy from layer to layer while a classifier learns."""
