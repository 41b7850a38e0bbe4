"""What differs between two runs, or between two sides of a change?"""
