"""Lower bounds on information from a critic that is trained on the samples."""
