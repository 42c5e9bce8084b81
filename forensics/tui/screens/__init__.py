"""The screens: open an image, watch it being read, examine it, and the dialogues around that."""
