"""What an estimate does not say of itself."""
