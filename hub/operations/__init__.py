"""What an operator needs: health, metrics, status, doctor, retention."""
