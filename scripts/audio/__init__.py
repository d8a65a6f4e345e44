"""What `make_audio.py` is made of."""
