"""What does a large state cost, and how fast is it back after a failure?"""
