"""S3: what each layer and each filter of a convolutional network knows."""
