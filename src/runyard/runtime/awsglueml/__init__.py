"""A clean-room `awsglueml`: its transforms need services of AWS's, and are refused by name."""
