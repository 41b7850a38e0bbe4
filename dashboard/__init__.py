"""What do stored results and a running simulation look like?"""
