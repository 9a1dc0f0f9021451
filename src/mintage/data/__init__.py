"""From a source and a codec to batches: packing, the data report, order, loading."""
