"""Fails as jobs do: on the data, in the middle."""

rows = [{"id": "1", "price": "9.90"}, {"id": "2", "price": "n/a"}]
for row in rows:
    print(f"row {row['id']}: {float(row['price']):.2f}")
