"""Evidence around any estimator: nulls, batches, resampling."""
