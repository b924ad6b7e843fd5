"""The watch over the models in use: do they still behave as usual, at every site and for everybody?"""
