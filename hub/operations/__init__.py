"""Operations: health, metrics, status, doctor and retention, for whoever keeps the hub running."""
