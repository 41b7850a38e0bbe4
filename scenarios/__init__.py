"""What happens: each attack and each innocent look-alike in one file, with labels and a dial."""
