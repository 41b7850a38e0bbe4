"""Do the judges notice what they are there to notice?"""
