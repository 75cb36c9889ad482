"""What a trained model is worth: metrics, figures and the one-page report."""
