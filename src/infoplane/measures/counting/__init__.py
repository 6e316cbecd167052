"""Information from counts: discrete variables, and numbers cut into bins."""
