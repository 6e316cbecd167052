"""What a layer with Gaussian noise keeps."""
