"""What ran on a real GPU, to run it again: a model with random weights, and a load of recorded lengths."""
