"""A clean-room `awsgluedq`: its transforms need services of AWS's, and are refused by name."""
