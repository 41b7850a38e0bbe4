"""What is shown of one run?"""
