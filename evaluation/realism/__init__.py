"""Is the generated traffic like the real thing, and are attacks not given away?"""
