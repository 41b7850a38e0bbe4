"""What is shown of a run that is under way?"""
