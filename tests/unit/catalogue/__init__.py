"""Feed homes in, read judgements out."""
