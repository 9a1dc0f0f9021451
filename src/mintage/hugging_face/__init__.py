"""Language models in the folders that Hugging Face's transformers reads and writes: config, weights, tokenizer."""
