"""What do three people want to know at one glance?"""
